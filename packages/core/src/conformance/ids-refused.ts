import type { AuditEvent } from '../audit.ts'
import type { Change, Condition } from '../change.ts'
import type { Store } from '../store.ts'
import { describe } from '../values.ts'
import { collect, refusesEach, storesNothing } from './expect.ts'
import type { CaseDefinition } from './harness.ts'

/** A call with an id, which takes whatever the case gives it. */
type CallWithId = readonly [method: string, call: (store: Store, id: never) => unknown]

const DAY = '2026-11-23'
const RANGE = { from: DAY, to: '2026-11-24' } as const
const UNTIL = new Date('2026-11-23T12:00:00.000Z')

const change = (name: string, make: (id: never) => Change): CallWithId => [
  `commit ${name}`,
  (store, id) => store.commit([{ type: 'clear_cooldown', entryId: 'roblox' }, make(id)]),
]
const condition = (name: string, make: (id: never) => Condition): CallWithId => [
  `commit if ${name}`,
  (store, id) => store.commit([{ type: 'add_usage', entryId: 'roblox', day: DAY, durationMs: 1 }], { if: [make(id)] }),
]
const event = (name: string, make: (id: never) => AuditEvent): CallWithId => [
  `appendAudit ${name}`,
  (store, id) => store.appendAudit(make(id)),
]

const WITH_ID: readonly CallWithId[] = [
  ['getUsage', (store, id) => store.getUsage(id, DAY)],
  ['addUsage', (store, id) => store.addUsage(id, DAY, 1)],
  ['getCooldownUntil', (store, id) => store.getCooldownUntil(id)],
  ['setCooldownUntil', (store, id) => store.setCooldownUntil(id, UNTIL)],
  ['clearCooldown', (store, id) => store.clearCooldown(id)],
  ['getDayState entry', async (store, id) => (await store.getDayState(DAY)).entry(id)],
  change('add_usage', (entryId) => ({ type: 'add_usage', entryId, day: DAY, durationMs: 1 })),
  change('set_cooldown', (entryId) => ({ type: 'set_cooldown', entryId, until: UNTIL })),
  change('extend_cooldown', (entryId) => ({ type: 'extend_cooldown', entryId, until: UNTIL })),
  change('clear_cooldown', (entryId) => ({ type: 'clear_cooldown', entryId })),
  condition('usage_below', (entryId) => ({ type: 'usage_below', entryId, day: DAY, limitMs: 1 })),
  condition('no_cooldown', (entryId) => ({ type: 'no_cooldown', entryId })),
  event('session_started entryId', (entryId) => ({ type: 'session_started', sessionId: 's', entryId })),
  event('session_started sessionId', (sessionId) => ({ type: 'session_started', sessionId, entryId: 'e' })),
  event('warning_issued', (sessionId) => ({ type: 'warning_issued', sessionId, thresholdMs: 1 })),
  event('session_extended', (sessionId) => ({ type: 'session_extended', sessionId, extendedByMs: 1 })),
  event('session_ended entryId', (entryId) => ({
    type: 'session_ended',
    sessionId: 's',
    entryId,
    reason: { type: 'expired' },
    durationMs: 1,
  })),
  event('session_ended sessionId', (sessionId) => ({
    type: 'session_ended',
    sessionId,
    entryId: 'e',
    reason: { type: 'expired' },
    durationMs: 1,
  })),
  event('launch_denied', (entryId) => ({ type: 'launch_denied', entryId, reasons: [] })),
  event('client_connected', (clientId) => ({ type: 'client_connected', clientId, role: 'admin' })),
  event('client_disconnected', (clientId) => ({ type: 'client_disconnected', clientId })),
  event('other', (name) => ({ type: 'other', name, data: {} })),
  [
    'saveSnapshot sessionId',
    (store, sessionId) =>
      store.saveSnapshot({
        timestamp: UNTIL,
        activeSession: { sessionId, entryId: 'e', startedAt: UNTIL, warningsIssuedMs: [] },
      }),
  ],
  [
    'saveSnapshot entryId',
    (store, entryId) =>
      store.saveSnapshot({
        timestamp: UNTIL,
        activeSession: { sessionId: 's', entryId, startedAt: UNTIL, warningsIssuedMs: [] },
      }),
  ],
]

/** Here `undefined` means the default. */
const WITH_OPTIONAL_ID: readonly CallWithId[] = [
  ['listUsage entryId', (store, entryId) => store.listUsage({ ...RANGE, entryId })],
  ['listUsage node', (store, node) => store.listUsage({ ...RANGE, node })],
  ['listAudits node', (store, node) => store.listAudits({ node })],
  ['readAudits node', (store, node) => collect(store.readAudits({ node }))],
  ['appendAudit operationId', (store, operationId) => store.appendAudit({ type: 'service_started' }, { operationId })],
  ['addUsage operationId', (store, operationId) => store.addUsage('e', DAY, 1, { operationId })],
  [
    'commit operationId',
    (store, operationId) => store.commit([{ type: 'set_cooldown', entryId: 'e', until: UNTIL }], { operationId }),
  ],
  ['view node', (store, node) => store.view({ node })],
  ['view scope', (store, scope) => store.view({ scope })],
]

const MALFORMED_IDS: readonly string[] = [
  '',
  'x'.repeat(257),
  `${'😀'.repeat(64)}x`,
  'é'.repeat(129),
  '€'.repeat(86),
  'x'.repeat(100_000),
  '\0',
  'a\0',
  'a\0b',
  '\ud83d',
  '\ude00',
  'a\ud83db',
  '\ude00\ud83d',
]
const NO_TEXTS: readonly unknown[] = [
  null,
  7,
  0,
  Number.NaN,
  true,
  false,
  {},
  [],
  ['a'],
  Object('a'),
  { toString: () => 'a' },
  1n,
  UNTIL,
]

/** Every call with every value. */
function* each(calls: readonly CallWithId[], store: Store, values: readonly unknown[]) {
  for (const [method, call] of calls) {
    for (const value of values) yield [`${method} with ${describe(value)}`, () => call(store, value as never)] as const
  }
}

export const refusedIdCases: readonly CaseDefinition[] = [
  {
    id: 'ids/refused/malformed-texts-in-every-method',
    prevents: 'an id that one backend cuts or respells, so that two games meet in one quota',
    async run(t) {
      const store = await t.open()
      await refusesEach(each([...WITH_ID, ...WITH_OPTIONAL_ID], store, MALFORMED_IDS))
      await storesNothing(t, store)
    },
  },
  {
    id: 'ids/refused/what-is-no-text-in-every-method',
    prevents: 'a limit kept for an entry named "[object Object]" or "null"',
    async run(t) {
      const store = await t.open()
      await refusesEach(each(WITH_ID, store, [undefined, ...NO_TEXTS]))
      await storesNothing(t, store)
    },
  },
  {
    id: 'ids/refused/what-is-no-text-for-an-optional-id',
    prevents: 'a missing scope or node being taken for the default, so that one child plays on the account of another',
    async run(t) {
      const store = await t.open()
      await refusesEach(each(WITH_OPTIONAL_ID, store, NO_TEXTS))
      await storesNothing(t, store)
    },
  },
  {
    id: 'ids/refused/when-opened',
    prevents: 'a fleet in which every machine without a name goes by the same one',
    async run(t) {
      const store = await t.open()
      const values: readonly unknown[] = ['', 'x'.repeat(257), 'a\0', '\ud83d', 7, null]
      await refusesEach(
        values.flatMap((value) => [
          [`node ${describe(value)}`, () => t.open({ node: value as never })],
          [`scope ${describe(value)}`, () => t.open({ scope: value as never })],
        ]),
      )
      await storesNothing(t, store)
    },
  },
]
