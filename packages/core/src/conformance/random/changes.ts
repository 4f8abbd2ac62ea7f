import fc from 'fast-check'
import { LIMITS } from '../../limits.ts'
import { addition, correctedDay } from './amounts.ts'
import { correction, event, original, snapshot } from './payloads.ts'
import { firstOpenings, following, opening, quota, type Telling } from './sessions.ts'
import { day, duration, entry, id, instant, mostly, object, optionalInstant, period, writeOptions } from './values.ts'

const addUsage = fc.tuple(entry, addition).map(([entryId, added]) => ({ type: 'add_usage', entryId, ...added }))
const corrected = fc
  .tuple(
    fc.record({ type: fc.constantFrom('adjust_usage', 'grant_time'), entryId: entry, ...correction }),
    correctedDay,
  )
  .map(([who, amount]) => ({ ...who, ...amount }))
const change = object(
  fc.oneof(
    { weight: 2, arbitrary: fc.record({ type: fc.constant('append_audit'), event }) },
    { weight: 2, arbitrary: fc.record({ type: fc.constant('import_audit'), timestamp: instant, event, original }) },
    { weight: 4, arbitrary: addUsage },
    {
      weight: 2,
      arbitrary: fc.record({
        type: fc.constantFrom('set_cooldown', 'extend_cooldown'),
        entryId: entry,
        until: instant,
      }),
    },
    { weight: 2, arbitrary: fc.record({ type: fc.constant('clear_cooldown'), entryId: id }) },
    { weight: 1, arbitrary: fc.record({ type: fc.constant('clear_cooldown'), entryId: id, ...correction }) },
    { weight: 2, arbitrary: corrected },
    { weight: 2, arbitrary: fc.record({ type: fc.constant('save_snapshot'), snapshot }) },
    { weight: 1, arbitrary: following.map(({ change: told }) => told as object) },
    {
      weight: 1,
      arbitrary: fc.record({ type: mostly(fc.constant('clear_cooldown'), fc.constant('drop_tables')), entryId: id }),
    },
  ),
)
const revision = fc.constantFrom<unknown>(0, 0, 0, 1, 1, 1, 2, 2, -1, 0.5)
const condition = object(
  fc.oneof(
    fc.record(
      { type: fc.constant('usage_below'), entryId: id, day, period, limitMs: duration },
      { requiredKeys: ['type', 'entryId', 'day', 'limitMs'] },
    ),
    fc.record({ type: fc.constant('no_cooldown'), entryId: id, at: optionalInstant }),
    fc.record({ type: fc.constant('snapshot_revision_is'), revision }),
    fc.constant({ type: 'no_open_session' }),
  ),
)

const oneMore = { type: 'add_usage', entryId: 'minecraft', day: '2026-11-23', durationMs: 1 }
/** Two of them have more days than the reports of a commit may have. */
const longReport = {
  ...{ type: 'report_session', sessionId: 's-1', entryId: 'minecraft', run: 'run-1', report: 1 },
  played: Array.from({ length: LIMITS.SESSION_REPORT_DAYS_MAX / 2 + 1 }, (_, number) => ({
    day: new Date(number * 86_400_000).toISOString().slice(0, 10),
    playedMs: 0,
  })),
}
export const changes = mostly(
  fc.array(change, { minLength: 1, maxLength: 4 }),
  fc.constantFrom<unknown>(
    [],
    Array(LIMITS.CHANGES_MAX).fill(oneMore),
    Array(LIMITS.CHANGES_MAX + 1).fill(oneMore),
    [longReport],
    [longReport, longReport],
    {},
    null,
  ),
)
const always = { type: 'snapshot_revision_is', revision: 0 }
const conditions = mostly(
  fc.option(fc.array(condition, { minLength: 1, maxLength: 3 }), { nil: undefined }),
  fc.constantFrom<unknown>(
    [],
    Array(LIMITS.CONDITIONS_MAX).fill(always),
    Array(LIMITS.CONDITIONS_MAX + 1).fill(always),
    null,
  ),
)

/** `if` is left out half of the time, so that the conditions of a commit do not refuse most of them. */
export const commitOptions = object(
  fc
    .tuple(writeOptions, fc.record({ if: conditions }, { requiredKeys: [] }))
    .map(([options, asked]) => ({ ...options, ...asked })),
)

/** A commit that is about a session, as a node makes it, and now and then does more. */
interface SessionCommit {
  readonly node: unknown
  readonly args: readonly unknown[]
}

function commitOf(telling: fc.Arbitrary<Telling>, asked: fc.Arbitrary<unknown>): fc.Arbitrary<SessionCommit> {
  const options = fc
    .tuple(seldom(writeOptions, {}), asked)
    .map(([given, list]) => ({ ...given, ...(list === undefined ? {} : { if: list }) }))
  const more = seldom(fc.array(change, { maxLength: 1 }), [])
  return fc
    .tuple(more, telling, more, object(options))
    .map(([before, { node, change: told }, behind, given]) => ({ node, args: [[...before, told, ...behind], given] }))
}

function seldom<T>(rare: fc.Arbitrary<T>, usual: T): fc.Arbitrary<T> {
  return fc.oneof({ weight: 7, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: rare })
}

const noOpenSession = { type: 'no_open_session' }
const start = commitOf(
  opening,
  mostly(
    fc
      .option(quota, { nil: undefined })
      .map((limit) => (limit === undefined ? [noOpenSession] : [noOpenSession, limit])),
    fc.constantFrom<unknown>(undefined, [], [always]),
  ),
)
const follow = commitOf(following, seldom<unknown>(fc.tuple(quota), undefined))
export const sessionCommit: fc.Arbitrary<SessionCommit> = fc.oneof(
  { weight: 1, arbitrary: start },
  { weight: 4, arbitrary: follow },
)

/** Sessions that there are from the beginning on. */
export const firstCommits: fc.Arbitrary<readonly SessionCommit[]> = firstOpenings.map((openings) =>
  openings.map(({ node, change: told }) => ({ node, args: [[told], { if: [noOpenSession] }] })),
)
