import { daysOf, type Decision } from '../decide.ts'
import type { Operation, SessionOutcome, UsageTotalAfter, WriteOutcome, WriteUnit } from '../driver.ts'
import { spanOfDay, usageKey } from '../group-keys.ts'
import type { StoredState } from '../group-state.ts'
import { auditContents } from '../outcomes.ts'
import type { ReplayGuard } from './flavor.ts'
import { Batch, type Program } from './program.ts'
import type { Queries } from './queries.ts'
import { auditRow, toInteger } from './rows.ts'

/** The outcome of each unit; `undefined` for one that has to be sent again, in another group. */
export type GroupOutcome = readonly (WriteOutcome | undefined)[]

/** A unit that is applied, with its place in the group. */
export type AppliedUnit = Extract<Decision, { type: 'apply' }> & {
  readonly index: number
  readonly operation: Operation | undefined
}

/** What is remembered of an applied unit, for the case that the reply is lost. */
interface RememberedUnit {
  readonly index: number
  readonly audits: number
  readonly sessions: readonly Pick<SessionOutcome, 'changed' | 'bookedMs'>[]
}

/** What a group did, for the case that its reply is lost. */
export function rememberedUnit({ index, effects, sessions }: AppliedUnit): RememberedUnit {
  return {
    index,
    audits: auditContents(effects).length,
    sessions: sessions.map(({ changed, bookedMs }) => ({ changed, bookedMs })),
  }
}

/** The group was applied, and its reply lost: what it wrote is found again, and the rest of it is decided anew. */
export function* outcomesOfAppliedGroup(
  { confirm, queries }: Pick<ReplayGuard, 'confirm'> & { readonly queries: Queries },
  units: readonly WriteUnit[],
  stored: StoredState,
  last: { readonly applied: string; readonly last_audit_id: unknown },
): Program<GroupOutcome> {
  const applied = JSON.parse(last.applied) as readonly RememberedUnit[]
  const count = applied.reduce((sum, { audits }) => sum + audits, 0)
  const upTo = toInteger(last.last_audit_id, 'writers.last_audit_id')
  const find = new Batch()
  const found = find.add(queries.audits({ after: upTo - count, before: upTo + 1, order: 'asc', limit: count }))
  // The commit that was not answered may still wait for what makes it safe.
  find.add(confirm)
  yield* find.commit()
  const rows = found().map(auditRow)
  const outcomes = new Map<number, WriteOutcome>()
  let next = 0
  for (const { index, audits, sessions } of applied) {
    const unit = units[index]
    if (unit === undefined) continue
    outcomes.set(index, {
      type: 'applied',
      audits: rows.slice(next, (next += audits)),
      usage: usageNow(unit, stored),
      sessions: sessionsNow(unit, stored, sessions),
    })
  }
  return units.map((_, index) => outcomes.get(index))
}

function usageNow({ changes }: WriteUnit, stored: StoredState): readonly UsageTotalAfter[] {
  const keys = new Map(changes.flatMap(daysOf).map((key) => [usageKey(key), key]))
  return [...keys.values()].map((key) => {
    const { scope, entryId, day } = key
    return { scope, entryId, day, usedMs: stored.usage(spanOfDay(key)).durationMs }
  })
}

function sessionsNow(
  { changes }: WriteUnit,
  stored: StoredState,
  outcomes: RememberedUnit['sessions'],
): readonly SessionOutcome[] {
  const rows = changes.flatMap((change) => (change.table === 'session' ? (stored.session(change) ?? []) : []))
  return rows.map((row, index) => ({ row, changed: false, bookedMs: 0, ...outcomes[index] }))
}
