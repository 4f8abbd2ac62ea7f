import assert from 'node:assert/strict'
import { createStore } from '@shepherd-store/core'
import type { Place } from '@shepherd-store/core/conformance'
import { afterAll, beforeAll, describe, inject, test } from 'vitest'
import { postgresSuiteHarness } from '../postgres-suite-harness.ts'
import { UTC } from '../session-processes/tasks.ts'
import { sqliteHarness } from '../sqlite-harness.ts'
import { sqliteInlineHarness } from '../sqlite-inline-harness.ts'
import type { Found, OpenTask } from './opens/opener.ts'
import { Resident } from './processes/resident.ts'
import { Tally } from './tally.ts'

const PROCESSES = 8
/** How often they open a new place at the same moment, on each backend. */
const ROUNDS = Number(process.env['SHEPHERD_TEST_OPEN_ROUNDS'] ?? 4)

const nodes = Array.from({ length: PROCESSES }, (_, index) => `process-${index}`)
const residents = nodes.map(() => new Resident(new URL('./opens/opener.ts', import.meta.url)))
const postgres = postgresSuiteHarness(inject('postgresUrl'))

beforeAll(async () => {
  await Promise.all(residents.map((resident) => resident.ready()))
})
afterAll(async () => {
  await Promise.all(residents.map((resident) => resident.kill()))
  await postgres.close()
})

describe.each([sqliteHarness, sqliteInlineHarness, postgres.harness])('on $name', (harness) => {
  test(
    `${PROCESSES} processes that open a new place at once find one calendar and one log, ${ROUNDS} times`,
    { timeout: 60_000 + ROUNDS * 20_000 },
    async () => {
      const tally = new Tally()
      for (let round = 1; round <= ROUNDS; round += 1) {
        const place = await harness.createPlace()
        const found = await openAtOnce(place)
        tally.tried()
        // All but one find that another one makes it.
        tally.faults += PROCESSES - 1
        tally.add(await judgeRound(place, found), `round ${round}`)
        await place.destroy()
      }
      tally.print(`openings of a new place by ${PROCESSES} processes at once, on ${harness.name}`)
      const { lost, doubled, untrue, problems } = tally
      assert.deepEqual({ lost, doubled, untrue, problems }, { lost: 0, doubled: 0, untrue: 0, problems: [] })
      assert.equal(tally.acknowledged, ROUNDS * PROCESSES)
    },
  )
})

/** Each asks for another calendar. @throws Error when one of them fails. */
function openAtOnce({ address }: Place): Promise<readonly Found[]> {
  if (address === undefined) throw new Error('no other process can open the place')
  return Promise.all(
    residents.map(async (resident, index) => {
      let said = ''
      const task: OpenTask = {
        address,
        node: `process-${index}`,
        calendar: { timeZone: 'UTC', dayStart: `0${index}:00` },
      }
      await resident.run(task, { hear: (line) => (said = line) })
      return JSON.parse(said) as Found
    }),
  )
}

async function judgeRound(place: Place, found: readonly Found[]) {
  const store = createStore(await place.openDriver({ calendar: UTC }))
  try {
    const { timeZone, dayStart } = store.calendar
    const records = await place.raw.audits()
    const { intact, firstBreak } = await store.verifyAudits()
    const untrue = found.flatMap(({ calendar }) =>
      calendar === `${timeZone} ${dayStart}`
        ? []
        : [`one found ${calendar}, and the place keeps ${timeZone} ${dayStart}`],
    )
    const lost = found.flatMap(({ auditId }, index) =>
      records[auditId - 1]?.node === nodes[index] ? [] : [`record ${auditId} of ${nodes[index]} is not in its place`],
    )
    const doubled = records.length > PROCESSES ? [`there are ${records.length} records`] : []
    if (!intact) lost.push(`the log is broken: ${firstBreak?.message}`)
    return { acknowledged: found.length, inDoubt: 0, lost, doubled, untrue }
  } finally {
    await store.close()
  }
}
