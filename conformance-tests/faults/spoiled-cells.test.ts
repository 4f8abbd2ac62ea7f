import assert from 'node:assert/strict'
import { join } from 'node:path'
import {
  type CheckReport,
  isStoreError,
  manualClock,
  type OwnedStore,
  startSession,
  type Store,
} from '@shepherd-store/core'
import { afterAll, inject, test } from 'vitest'
import { temporaryDirectories } from '../directories.ts'
import { createDatabase } from '../postgres/database.ts'
import { seed } from '../seed.ts'
import { seeded } from '../session-processes/seeded.ts'
import { type CellsPlace, postgresCells, sqliteCells } from './corruption/cells-places.ts'
import { type Cell, Cells, chooseCell } from './corruption/cells.ts'
import { answersOf, codeIn } from './corruption/damaged-file.ts'
import { fillStore, QUESTIONS } from './corruption/written-store.ts'
import { Tally } from './tally.ts'
import { DAY, PLAY_ENTRY, WORK_AT, WORK_ENTRY } from './work.ts'

/** `SHEPHERD_TEST_SPOILED_CELLS`: values that are put in the place of stored ones, one at a time. */
const count = Number(process.env['SHEPHERD_TEST_SPOILED_CELLS'] ?? 80)
const STEPS = 10

const directories = temporaryDirectories()
const { url, drop } = await createDatabase(inject('postgresUrl'))
afterAll(drop)

const PLACES: readonly (readonly [name: string, make: () => Promise<CellsPlace>])[] = [
  ['sqlite', async () => sqliteCells(join(directories.root, 'store.db'))],
  ['postgres', () => postgresCells(url, 'household')],
]

test.each(PLACES)(
  `%s answers as before, or names what is wrong, of ${count} rows that hold something else`,
  { timeout: 60_000 + count * 500 },
  async (name, make) => {
    const place = await make()
    const clock = manualClock(WORK_AT)
    const written = await place.open(clock)
    await fillStore(written, clock, STEPS)
    await written.close()
    const cells = await Cells.of(await place.raw())
    const sound = await look(place)
    await cells.putBack()
    const known = new Set(sound.report?.problems.map(({ part }) => part))
    const choices = seeded(seed)
    const tally = new Tally()
    for (let tries = 0; tries < count; tries += 1) {
      const cell = chooseCell(cells.columns, choices)
      if (!(await cells.spoil(cell))) continue
      tally.tried()
      const { answers, report, raw } = await look(place)
      await cells.putBack()
      const isFound = report === undefined || report.problems.some(({ part }) => !known.has(part))
      const wrong = [...answers].flatMap(([question, answer]) =>
        /^[A-Z_]+$/.test(answer) || answer === sound.answers.get(question) ? [] : [question],
      )
      if (isFound || wrong.length > 0) tally.faults += 1
      // Of rows beside the log a check says that it is blind to a value that may stand there as well.
      const [ofLog, beside] = [wrong.filter(isOfLog), wrong.filter((question) => !isOfLog(question))]
      const lost = isFound ? [] : ofLog.map((question) => `${question} is answered wrongly`)
      const inDoubt = !isFound && beside.length > 0 ? 1 : 0
      tally.add({ acknowledged: 0, inDoubt, lost, doubled: [], untrue: raw }, told(cell))
    }
    tally.print(`cells that hold something else, ${name} (in doubt: beside the log, and possible there)`)
    await place.close()
    assert.deepEqual(tally.problems, [])
    assert.ok(tally.tries > count / 4 && tally.faults > tally.tries / 3)
  },
)

function isOfLog(question: string): boolean {
  return question.startsWith('log') || question === 'head'
}

function told({ table, name, row, value }: Cell): string {
  return `${table}.${name} of row ${row} = ${value === undefined ? 'that of the next' : value.slice(0, 60)}`
}

/** Opened, asked, checked, and then written to. */
async function look(place: CellsPlace) {
  const raw: string[] = []
  const clock = manualClock(WORK_AT)
  let store: OwnedStore
  try {
    store = await place.open(clock)
  } catch (error) {
    codeIn('open', error, raw)
    return { answers: new Map<string, string>(), report: undefined, raw }
  }
  const answers = await answersOf(store, QUESTIONS, raw)
  const report: CheckReport | undefined = await store.check().catch((error: unknown) => {
    raw.push(`check: ${String(error)}`)
    return undefined
  })
  await store.health()
  for (const [name, write] of Object.entries(WRITES)) {
    // A conflict with what stands there is no defect.
    await write(store).catch((error: unknown) => {
      if (!isStoreError(error)) raw.push(`${name}: ${String(error)}`)
    })
  }
  await store.close().catch((error: unknown) => codeIn('close', error, raw))
  return { answers, report, raw }
}

/** A service goes on. */
const WRITES: Readonly<Record<string, (store: Store) => Promise<unknown>>> = {
  append: (store) => store.appendAudit({ type: 'service_started' }),
  add: (store) => store.addUsage(WORK_ENTRY, DAY, 7, { operationId: 'one 0' }),
  cool: (store) => store.setCooldownUntil(PLAY_ENTRY, new Date(WORK_AT)),
  save: (store) => store.saveSnapshot({ timestamp: new Date(WORK_AT) }),
  start: (store) => startSession(store, { entryId: PLAY_ENTRY, sessionId: 'again' }),
  grant: (store) => store.grantTime(PLAY_ENTRY, DAY, 7, { by: 'Ada', why: 'Homework is done.' }),
}
