import type { AuditEvent, DenialReason, SessionEndReason } from '../audit.ts'
import type { Change, Condition } from '../change.ts'
import { startSession } from '../sessions.ts'
import type { Store } from '../store.ts'
import { describe } from '../values.ts'
import { collect, refusesEach, storesNothing } from './expect.ts'
import type { CaseDefinition } from './harness.ts'

/** A call with an id, which takes whatever the case gives it. */
type CallWithId = readonly [method: string, call: (store: Store, id: never) => unknown]

const DAY = '2026-11-23'
const CORRECTION = { by: 'Ada', why: 'Homework is done.' }
const RANGE = { from: DAY, to: '2026-11-24' } as const
const UNTIL = new Date('2026-11-23T12:00:00.000Z')

const change = (name: string, make: (id: never) => Change): CallWithId => [
  `commit ${name}`,
  (store, id) => store.commit([{ type: 'clear_cooldown', entryId: 'roblox' }, make(id)]),
]
const SESSION = { sessionId: 's', entryId: 'e', run: 'r' }
const sessionChange = (name: string, make: (id: never) => Change): CallWithId => [
  `commit session ${name}`,
  (store, id) => store.commit([make(id)], { if: [{ type: 'no_open_session' }] }),
]
const condition = (name: string, make: (id: never) => Condition): CallWithId => [
  `commit if ${name}`,
  (store, id) => store.commit([{ type: 'add_usage', entryId: 'roblox', day: DAY, durationMs: 1 }], { if: [make(id)] }),
]
const event = (name: string, make: (id: never) => AuditEvent): CallWithId => [
  `appendAudit ${name}`,
  (store, id) => store.appendAudit(make(id)),
]

const ended = (reason: SessionEndReason) =>
  ({ type: 'session_ended', sessionId: 's', entryId: 'e', reason, durationMs: 1 }) as const
const denied = (reason: DenialReason) => ({ type: 'launch_denied', entryId: 'e', reasons: [reason] }) as const

const WITH_ID: readonly CallWithId[] = [
  ['startSession', (store, id) => startSession(store, { entryId: id })],
  ['getUsage', (store, id) => store.getUsage(id, DAY)],
  ['addUsage', (store, id) => store.addUsage(id, DAY, 1)],
  ['getCooldownUntil', (store, id) => store.getCooldownUntil(id)],
  ['setCooldownUntil', (store, id) => store.setCooldownUntil(id, UNTIL)],
  ['clearCooldown', (store, id) => store.clearCooldown(id)],
  ['adjustUsage', (store, id) => store.adjustUsage(id, DAY, 1, CORRECTION)],
  ['grantTime', (store, id) => store.grantTime(id, DAY, 1, CORRECTION)],
  ['adjustUsage by', (store, by) => store.adjustUsage('e', DAY, 1, { ...CORRECTION, by })],
  ['grantTime by', (store, by) => store.grantTime('e', DAY, 1, { ...CORRECTION, by })],
  ['clearCooldown by', (store, by) => store.clearCooldown('e', { ...CORRECTION, by })],
  ['getDayState entry', async (store, id) => (await store.getDayState(DAY)).entry(id)],
  change('add_usage', (entryId) => ({ type: 'add_usage', entryId, day: DAY, durationMs: 1 })),
  change('set_cooldown', (entryId) => ({ type: 'set_cooldown', entryId, until: UNTIL })),
  change('extend_cooldown', (entryId) => ({ type: 'extend_cooldown', entryId, until: UNTIL })),
  change('clear_cooldown', (entryId) => ({ type: 'clear_cooldown', entryId })),
  ...['sessionId', 'entryId', 'run'].map((field) =>
    sessionChange(field, (id) => ({ type: 'start_session', ...SESSION, [field]: id })),
  ),
  sessionChange('from', (from) => ({ type: 'continue_session', ...SESSION, from, active: [] })),
  condition('usage_below', (entryId) => ({ type: 'usage_below', entryId, day: DAY, limitMs: 1 })),
  condition('no_cooldown', (entryId) => ({ type: 'no_cooldown', entryId })),
  event('session_started entryId', (entryId) => ({ type: 'session_started', sessionId: 's', entryId })),
  event('session_started sessionId', (sessionId) => ({ type: 'session_started', sessionId, entryId: 'e' })),
  event('warning_issued', (sessionId) => ({ type: 'warning_issued', sessionId, thresholdMs: 1 })),
  event('session_extended', (sessionId) => ({ type: 'session_extended', sessionId, extendedByMs: 1 })),
  event('session_ended entryId', (entryId) => ({ ...ended({ type: 'expired' }), entryId })),
  event('session_ended sessionId', (sessionId) => ({ ...ended({ type: 'expired' }), sessionId })),
  event('launch_denied', (entryId) => ({ type: 'launch_denied', entryId, reasons: [] })),
  event('client_connected', (clientId) => ({ type: 'client_connected', clientId, role: 'admin' })),
  event('client_disconnected', (clientId) => ({ type: 'client_disconnected', clientId })),
  event('session_active entryId', (entryId) => denied({ type: 'session_active', entryId, node: 'n' })),
  event('session_active node', (node) => denied({ type: 'session_active', entryId: 'e', node })),
  event('recovered', (node) => ended({ type: 'recovered', node, lastReportedAt: UNTIL })),
  event('session_continued', (sessionId) => ({ type: 'session_continued', sessionId, entryId: 'e' })),
  event('session_time_added', (entryId) => {
    return { type: 'session_time_added', sessionId: 's', entryId, addedMs: 1, durationMs: 1 }
  }),
  event('clock_jumped', (sessionId) => ({ type: 'clock_jumped', sessionId, wallMs: 1, monotonicMs: 1 })),
  event('usage_adjusted', (by) => {
    return { type: 'usage_adjusted', entryId: 'e', day: DAY, byMs: 1, usedMs: 1, ...CORRECTION, by }
  }),
  event('time_granted', (entryId) => {
    return { type: 'time_granted', entryId, day: DAY, byMs: 1, grantedMs: 1, ...CORRECTION }
  }),
  event('cooldown_cleared', (entryId) => ({ type: 'cooldown_cleared', entryId, ...CORRECTION })),
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
  ['clearCooldown operationId', (store, operationId) => store.clearCooldown('e', { operationId })],
  ['adjustUsage operationId', (store, operationId) => store.adjustUsage('e', DAY, 1, { ...CORRECTION, operationId })],
  ['grantTime operationId', (store, operationId) => store.grantTime('e', DAY, 1, { ...CORRECTION, operationId })],
  ['listSessions sessionId', (store, sessionId) => store.listSessions({ sessionId })],
  ['listSessions entryId', (store, entryId) => store.listSessions({ entryId })],
  ['listSessions node', (store, node) => store.listSessions({ node })],
  ['startSession sessionId', (store, sessionId) => startSession(store, { entryId: 'e', sessionId })],
  ['startSession run', (store, run) => startSession(store, { entryId: 'e', run })],
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
