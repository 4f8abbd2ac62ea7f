import assert from 'node:assert/strict'
import type { Change, Condition } from '../change.ts'
import type { CaseContext, CaseDefinition, PlaceAddress } from './harness.ts'
import { runWorkers } from './workers.ts'

const DAY = '2026-11-23'
const PROCESSES = 4
const ADD: Change = { type: 'add_usage', entryId: 'minecraft', day: DAY, durationMs: 7 }
const APPEND: Change = { type: 'append_audit', event: { type: 'service_started' } }

/** The address of the place. Asserts that there is one exactly when other processes can share the place. */
async function addressOf({ place, open }: CaseContext): Promise<PlaceAddress | undefined> {
  const { capabilities } = await open()
  assert.equal(place.address !== undefined, capabilities.sharing !== 'process', 'an address for what can be shared')
  return place.address
}

/** Several processes on one place. Where only one can share it, that is what these cases assert. */
export const processCases: readonly CaseDefinition[] = [
  {
    id: 'concurrency/processes/adds-are-exact',
    prevents: 'minutes that are lost when a service and a command write at once',
    async run(t) {
      const address = await addressOf(t)
      if (address === undefined) return
      await runWorkers(address, { processes: PROCESSES, job: { changes: [ADD], times: 50, atOnce: 5 } })
      const store = await t.open()
      assert.equal(await store.getUsage('minecraft', DAY), PROCESSES * 50 * 7)
      const rows = (await t.place.raw.usage()).map(({ node, durationMs }) => `${node} ${durationMs}`)
      assert.deepEqual(
        rows.toSorted(),
        Array.from({ length: PROCESSES }, (_, index) => `process-${index} 350`),
      )
    },
  },
  {
    id: 'concurrency/processes/appends-take-every-id-once',
    prevents: 'a log in which two programs gave one id, or forked the chain',
    async run(t) {
      const address = await addressOf(t)
      if (address === undefined) return
      const job = { changes: [APPEND, APPEND], times: 25, atOnce: 5 }
      const reports = await runWorkers(address, { processes: PROCESSES, job })
      const ids = reports.flatMap(({ auditIds }) => auditIds).toSorted((a, b) => a - b)
      assert.deepEqual(
        ids,
        Array.from({ length: PROCESSES * 50 }, (_, index) => index + 1),
      )
      const { intact, checked } = await (await t.open()).verifyAudits()
      assert.deepEqual({ intact, checked }, { intact: true, checked: PROCESSES * 50 })
    },
  },
  {
    id: 'concurrency/processes/a-quota-grants-exactly-what-fits',
    prevents: 'a limit that each process checks for itself',
    async run(t) {
      const address = await addressOf(t)
      if (address === undefined) return
      const below: Condition = { type: 'usage_below', entryId: 'minecraft', day: DAY, limitMs: 210 }
      const job = { changes: [ADD, APPEND], if: [below], times: 20, atOnce: 2 }
      const reports = await runWorkers(address, { processes: PROCESSES, job })
      assert.equal(
        reports.reduce((sum, { applied }) => sum + applied, 0),
        30,
      )
      assert.equal(
        reports.reduce((sum, { refused }) => sum + refused, 0),
        PROCESSES * 20 - 30,
      )
      assert.equal(await (await t.open()).getUsage('minecraft', DAY), 210)
      assert.equal((await t.place.raw.audits()).length, 30)
    },
  },
  {
    id: 'concurrency/processes/one-operation-id-applies-once',
    prevents: 'a write that two processes retry, and that both apply',
    async run(t) {
      const address = await addressOf(t)
      if (address === undefined) return
      const job = { changes: [ADD, APPEND], times: 20, operationPrefix: 'op-' }
      const reports = await runWorkers(address, { processes: PROCESSES, job })
      assert.equal(
        reports.reduce((sum, { applied }) => sum + applied, 0),
        20,
      )
      assert.equal(
        reports.reduce((sum, { repeated }) => sum + repeated, 0),
        (PROCESSES - 1) * 20,
      )
      const sorted = reports.map(({ auditIds }) => auditIds.toSorted((a, b) => a - b))
      for (const ids of sorted)
        assert.deepEqual(
          ids,
          Array.from({ length: 20 }, (_, index) => index + 1),
        )
      assert.equal(await (await t.open()).getUsage('minecraft', DAY), 140)
    },
  },
  {
    id: 'concurrency/processes/first-opens-at-once-make-one-place',
    prevents: 'a service and a command that start together on a new machine, of which one fails',
    async run(t) {
      const { address } = t.place
      if (address !== undefined) {
        const job = { changes: [APPEND], times: 1 }
        const reports = await runWorkers(address, { processes: PROCESSES, job })
        const calendars = reports.map(({ calendar }) => calendar)
        assert.deepEqual(calendars, Array(PROCESSES).fill({ timeZone: 'UTC', dayStart: '00:00' }))
      }
      await addressOf(t)
      const { intact, checked } = await (await t.open()).verifyAudits()
      assert.deepEqual({ intact, checked }, { intact: true, checked: address === undefined ? 0 : PROCESSES })
    },
  },
]
