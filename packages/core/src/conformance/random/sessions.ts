import fc from 'fast-check'
import { LIMITS } from '../../limits.ts'
import { dayPlayed, minutes, playDay } from './amounts.ts'
import { endReason, optionalText } from './payloads.ts'
import { id, instant, later, mostly, node, object, optionalInstant, period } from './values.ts'

const MINUTE_MS = 60_000

/** Few, so that calls meet: three on one machine, three of one entry. */
const SESSIONS = [
  { sessionId: 's-1', entryId: 'minecraft', node: 'lab-1' },
  { sessionId: 's-2', entryId: 'minecraft', node: 'lab-2' },
  { sessionId: 's-3', entryId: 'tuxracer', node: 'lab-1' },
  { sessionId: 's-4', entryId: 'minecraft', node: 'lab-1' },
] as const
const known = fc.constantFrom(...[0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 3].flatMap((index) => SESSIONS[index] ?? []))

/** Which session, and the machine that speaks of it: now and then one that it is not of. */
const session: fc.Arbitrary<{ readonly node: unknown }> = fc.oneof(
  { weight: 20, arbitrary: known },
  { weight: 2, arbitrary: fc.tuple(known, node).map(([one, teller]) => ({ ...one, node: teller })) },
  { weight: 1, arbitrary: fc.tuple(known, id).map(([one, entryId]) => ({ ...one, entryId })) },
  { weight: 1, arbitrary: fc.record({ sessionId: id, entryId: id, node }) },
)

export const sessionId = known.map((one) => one.sessionId)
const RUNS = ['run-1', 'run-2', 'run-3'] as const
const run = mostly(fc.constantFrom(...[0, 0, 0, 1, 1, 2].flatMap((index) => RUNS[index] ?? [])), id)
const nextRun = mostly(fc.constantFrom(...[0, 1, 1, 1, 2, 2].flatMap((index) => RUNS[index] ?? [])), id)
const dayTotal = object(dayPlayed)
const played = mostly(
  fc.uniqueArray(dayTotal, { maxLength: 3, selector: (item) => Reflect.get(Object(item), 'day') as unknown }),
  fc.oneof(
    fc.array(dayTotal, { maxLength: 3 }),
    fc.constantFrom<unknown>(
      Array(LIMITS.SESSION_REPORT_DAYS_MAX + 1).fill({ day: '2026-11-23', playedMs: 1 }),
      {},
      null,
      undefined,
    ),
  ),
)
const number = mostly(fc.integer({ min: 1, max: 4 }), fc.constantFrom<unknown>(0, -1, 1.5, 2 ** 53, '1', undefined))
const jump = object(
  fc.record({
    report: number,
    wallMs: fc.constantFrom(-86_400_000, -1_000, 0, 86_400_000, Number.MIN_SAFE_INTEGER),
    monotonicMs: minutes,
  }),
)
const jumps = mostly(
  fc.oneof(
    { weight: 1, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.array(jump, { maxLength: 2 }) },
  ),
  fc.constantFrom<unknown>(Array(65).fill({ report: 1, wallMs: 0, monotonicMs: 0 }), null),
)
const limitMs = mostly(
  fc.constantFrom(0, MINUTE_MS, 2 * MINUTE_MS, 5 * MINUTE_MS, 8 * MINUTE_MS, 15 * MINUTE_MS),
  minutes,
)
const limit = object(fc.record({ period, limitMs }, { requiredKeys: ['limitMs'] }))
/** A condition on what sessions are played. */
export const quota = object(
  fc.record(
    {
      type: fc.constant('usage_below'),
      entryId: fc.constantFrom('minecraft', 'tuxracer'),
      day: playDay,
      period,
      limitMs,
    },
    { requiredKeys: ['type', 'entryId', 'day', 'limitMs'] },
  ),
)
const limits = mostly(
  fc.array(limit, { minLength: 1, maxLength: 3 }),
  fc.constantFrom<unknown>([], Array(33).fill({ limitMs: 1 }), null, undefined),
)
const reserve = fc.option(object(fc.record({ day: playDay, upToMs: minutes, limits })), { nil: undefined, freq: 2 })
const optionalMinutes = fc.option(minutes, { nil: undefined })
/** All of the time that it was active: seldom told. */
const active = fc.option(played, { nil: undefined, freq: 1 })
const report = { run, report: number, played, active, jumps }

const label = mostly(
  optionalText,
  fc.constantFrom<unknown>('x'.repeat(LIMITS.SESSION_LABEL_BYTES_MAX), '\u00e9'.repeat(513)),
)
const start = fc.record(
  { type: fc.constant('start_session'), run, label, deadline: optionalInstant, reserve },
  { requiredKeys: ['type', 'run', 'deadline', 'reserve'] },
)
const imported = fc.record({
  ...{ type: fc.constant('import_session'), run, label, deadline: optionalInstant, played },
  ...{ startedAt: instant, lastReportedAt: instant },
  warningsIssuedMs: mostly(
    fc.array(minutes, { maxLength: 2 }),
    fc.constantFrom<unknown>(
      Array.from({ length: 256 }, (_, index) => index),
      Array(257).fill(1),
      null,
    ),
  ),
})
const followingChanges: readonly fc.WeightedArbitrary<object>[] = [
  { weight: 10, arbitrary: fc.record({ type: fc.constant('report_session'), ...report, reserve }) },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('end_session'),
      ...report,
      reason: endReason,
      cooldownMs: optionalMinutes,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record(
      { type: fc.constant('recover_session'), silentForMs: minutes, cooldownMs: optionalMinutes },
      { requiredKeys: ['type'] },
    ),
  },
  {
    weight: 4,
    arbitrary: fc.record({ type: fc.constant('continue_session'), from: run, run: nextRun, active, reserve }),
  },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('warn_session'), run, thresholdMs: minutes }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('extend_session'), run, deadline: fc.oneof(instant, later) }) },
]

/** A session's own machine, most of the time, and what it says of the session. */
export interface Telling {
  readonly node: unknown
  readonly change: unknown
}

function tellingOf(change: fc.Arbitrary<object>): fc.Arbitrary<Telling> {
  return fc.tuple(session, change).map(([{ node: teller, ...ids }, fields]) => ({
    node: teller,
    change: { ...fields, ...ids },
  }))
}

/** Sessions that begin well, nearly always: the first, and often another one, elsewhere. */
export const firstOpenings: fc.Arbitrary<readonly Telling[]> = fc
  .tuple(
    fc.option(wellBegun(SESSIONS[0], start), { freq: 12 }),
    fc.option(
      fc.oneof(
        { weight: 2, arbitrary: wellBegun(SESSIONS[1], start) },
        { weight: 1, arbitrary: wellBegun(SESSIONS[1], imported) },
      ),
      { freq: 3 },
    ),
  )
  .map((openings) => openings.filter((one) => one !== null))

function wellBegun(
  { node: teller, ...ids }: (typeof SESSIONS)[number],
  change: fc.Arbitrary<object>,
): fc.Arbitrary<Telling> {
  return change.map((fields) => ({ node: teller, change: { ...fields, run: RUNS[0], ...ids } }))
}

/** What begins a session. */
export const opening: fc.Arbitrary<Telling> = tellingOf(
  fc.oneof({ weight: 4, arbitrary: start }, { weight: 1, arbitrary: imported }),
)
/** What goes on with it, and what ends it. */
export const following: fc.Arbitrary<Telling> = tellingOf(fc.oneof(...followingChanges))
