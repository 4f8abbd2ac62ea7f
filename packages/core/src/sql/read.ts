import type { ReadRequest, ReadResult } from '../driver.ts'
import { LIMITS } from '../limits.ts'
import { parseInstant } from '../values.ts'
import { Batch, type Program } from './program.ts'
import type { Queries } from './queries.ts'
import { auditRow, toInteger, usageSumOf } from './rows.ts'

/** Everything that is asked for, in one flight. */
export function* read(queries: Queries, request: ReadRequest): Program<ReadResult> {
  const batch = new Batch()
  const usage = request.usage && batch.add(queries.usage(request.usage))
  const cooldowns = request.cooldowns && batch.add(cooldownsOf(queries, request.cooldowns))
  const snapshots = request.snapshots && batch.add(queries.snapshot(request.snapshots))
  const audits = request.audits && batch.add(queries.audits(request.audits))
  yield* batch.commit()
  return {
    usage: (usage?.() ?? []).map(usageSumOf),
    cooldowns: (cooldowns?.() ?? []).map(({ entry_id, until }) => ({ entryId: entry_id, until: parseInstant(until) })),
    snapshots: (snapshots?.() ?? []).map(({ revision, state }) => ({
      revision: toInteger(revision, 'snapshot.revision'),
      text: state,
    })),
    audits: (audits?.() ?? []).map(auditRow),
  }
}

function cooldownsOf(queries: Queries, { scope, entryId }: NonNullable<ReadRequest['cooldowns']>) {
  if (entryId !== undefined) return queries.cooldown({ scope, entryId })
  return queries.cooldowns({ scope, limit: LIMITS.DAY_STATE_ENTRIES_MAX + 1 })
}
