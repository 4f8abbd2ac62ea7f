import type { Store } from '../store.ts'
import { refusesEach, storesNothing } from './expect.ts'
import type { CaseDefinition } from './harness.ts'

const DAY = '2026-11-23'
const EVENT = { type: 'service_started' } as const
const ADD = { type: 'add_usage', entryId: 'minecraft', day: DAY, durationMs: 1 } as const
const UNTIL = new Date('2026-11-23T12:00:00.000Z')
const ORIGINAL = { id: 1, timestamp: '2026-11-23', event: '{}' }

/** Every argument that is an object, as a caller without types would pass it. */
const OBJECTS: readonly (readonly [what: string, good: object, call: (store: Store, value: never) => unknown])[] = [
  ['options of appendAudit', {}, (store, value) => store.appendAudit(EVENT, value)],
  ['options of addUsage', {}, (store, value) => store.addUsage('minecraft', DAY, 1, value)],
  ['options of commit', {}, (store, value) => store.commit([ADD], value)],
  ['append_audit', { type: 'append_audit', event: EVENT }, (store, value) => store.commit([value])],
  [
    'import_audit',
    { type: 'import_audit', timestamp: UNTIL, event: EVENT, original: ORIGINAL },
    (store, value) => store.commit([value]),
  ],
  ['add_usage', ADD, (store, value) => store.commit([value])],
  [
    'set_cooldown',
    { type: 'set_cooldown', entryId: 'minecraft', until: UNTIL },
    (store, value) => store.commit([value]),
  ],
  [
    'extend_cooldown',
    { type: 'extend_cooldown', entryId: 'minecraft', until: UNTIL },
    (store, value) => store.commit([value]),
  ],
  ['clear_cooldown', { type: 'clear_cooldown', entryId: 'minecraft' }, (store, value) => store.commit([value])],
  ['save_snapshot', { type: 'save_snapshot', snapshot: { timestamp: UNTIL } }, (store, value) => store.commit([value])],
  [
    'usage_below',
    { type: 'usage_below', entryId: 'minecraft', day: DAY, limitMs: 1 },
    (store, value) => store.commit([ADD], { if: [value] }),
  ],
  [
    'no_cooldown',
    { type: 'no_cooldown', entryId: 'minecraft' },
    (store, value) => store.commit([ADD], { if: [value] }),
  ],
  [
    'snapshot_revision_is',
    { type: 'snapshot_revision_is', revision: 0 },
    (store, value) => store.commit([ADD], { if: [value] }),
  ],
  ['query of listUsage', { from: DAY, to: DAY }, (store, value) => store.listUsage(value)],
  ['query of listAudits', {}, (store, value) => store.listAudits(value)],
  ['query of readAudits', {}, (store, value) => firstOf(store.readAudits(value))],
  ['options of verifyAudits', {}, (store, value) => store.verifyAudits(value)],
  ['expectedHead', { id: 1, hash: '0'.repeat(64) }, (store, value) => store.verifyAudits({ expectedHead: value })],
  ['as of view', {}, (store, value) => store.view(value)],
]

export const argumentCases: readonly CaseDefinition[] = [
  {
    id: 'arguments/fields/unknown-ones-are-refused',
    prevents: 'a condition with a typing error in its name, which is then no condition at all',
    async run(t) {
      const store = await t.open()
      await refusesEach(
        OBJECTS.filter(([what]) => what !== 'expectedHead').map(
          ([what, good, call]) => [what, () => call(store, { ...good, iff: 1 } as never)] as const,
        ),
      )
      await storesNothing(t, store)
    },
  },
  {
    id: 'arguments/objects/what-is-none-is-refused',
    prevents: 'a raw TypeError, or a claim that the outcome is unknown, for a mistake of the caller',
    async run(t) {
      const store = await t.open()
      for (const none of [null, 7, 'x', []]) {
        await refusesEach(
          OBJECTS.map(([what, , call]) => [`${what}: ${String(none)}`, () => call(store, none as never)]),
        )
      }
      await storesNothing(t, store)
    },
  },
]

async function firstOf(items: AsyncIterable<unknown>): Promise<unknown> {
  for await (const item of items) return item
  return undefined
}
