import { logContent } from './audit-content.ts'
import { GENESIS_HASH } from './chain.ts'
import type { LogChange } from './driver-changes.ts'
import { invalidArgument, StoreError } from './errors.ts'
import type { GroupState } from './group-state.ts'
import { describe } from './values.ts'

/** Decides what is done to the log as a whole, on where it ends and begins. */
export function decideLog(change: LogChange, draft: GroupState): void {
  switch (change.table) {
    case 'audit_cut': {
      const { from, through, asOf } = change
      const { start, forgottenId } = draft.log()
      if (start.id !== from)
        throw changedMeanwhile(`the log begins behind record ${start.id}, no longer behind ${from}`)
      if (forgottenId >= asOf) throw changedMeanwhile('a scope was forgotten since it was archived')
      draft.apply({ table: 'audit_cut', through, begins: false })
      break
    }
    case 'audit_removal': {
      const { firstId, throughId } = change
      const { start } = draft.log()
      if (throughId > start.id)
        throw invalidArgument(`record ${throughId} is not cut off: the log begins behind ${start.id}`)
      draft.apply({ table: 'audit_removal', firstId, throughId })
      break
    }
    case 'audit_restore':
      restore(change, draft)
      break
    case 'forget':
      forget(change, draft)
      break
    case 'erasure': {
      const { id, contentDigest } = change
      draft.apply({ table: 'erasure', id, contentDigest })
      break
    }
  }
}

/** The records get the ids and the hashes that they had, as these follow from what they stand behind. */
function restore({ after, contents }: Extract<LogChange, { table: 'audit_restore' }>, draft: GroupState): void {
  const { head } = draft.log()
  const begins = head.id === 0 && head.hash === GENESIS_HASH && after.id > 0
  if (begins) draft.apply({ table: 'audit_cut', through: after, begins: true })
  else if (head.id !== after.id || head.hash !== after.hash) {
    throw changedMeanwhile(`the log ends with record ${head.id}, not with the record ${after.id} that comes before`)
  }
  for (const content of contents) draft.apply({ table: 'audit', content })
}

function forget(
  { scope, unsaltedDigest, correction }: Extract<LogChange, { table: 'forget' }>,
  draft: GroupState,
): void {
  const open = draft.openSession({ scope })
  if (open !== undefined) {
    throw invalidArgument(
      `session ${describe(open.sessionId)} of scope ${describe(scope)} is open on node ${describe(open.node)}; ` +
        'end it, or recover it, first: what is played of it would be lost',
    )
  }
  const { at, node, by, why } = correction
  const throughId = draft.log().head.id
  const event = { type: 'scope_forgotten', throughId, unsaltedDigest, by, why } as const
  draft.apply({ table: 'forget', scope, throughId })
  draft.apply({ table: 'audit', content: logContent({ timestamp: at, scope, node }, event) })
}

export function changedMeanwhile(what: string): StoreError {
  return new StoreError('BUSY', `another program was at work on the log (${what}); begin again`)
}
