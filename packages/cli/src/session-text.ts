import type { SessionEndReason, SessionRecord } from '@shepherd-store/core'
import { duration } from './format.ts'

/** What runs, as people call it. */
export function entryText({ entryId, label }: SessionRecord): string {
  return label === undefined || label === entryId ? entryId : `${label} (${entryId})`
}

export function playedText({ durationMs }: SessionRecord): string {
  return Number.isSafeInteger(durationMs) && durationMs >= 0 ? duration(durationMs) : 'unreadable'
}

/** How it ended, in a few words. */
export function endText(reason: SessionEndReason | undefined): string {
  switch (reason?.type) {
    case undefined:
      return 'ended'
    case 'expired':
      return 'time was up'
    case 'user_stop':
      return 'stopped by the user'
    case 'admin_stop':
      return 'stopped by an administrator'
    case 'process_exited':
      return reason.exitCode === undefined ? 'its process ended' : `its process ended, code ${reason.exitCode}`
    case 'policy_stop':
      return 'stopped by the policy'
    case 'service_shutdown':
      return 'service shut down'
    case 'launch_failed':
      return `not started: ${reason.error}`
    case 'recovered':
      return reason.problem === undefined ? 'recovered' : `recovered; its row could not be read: ${reason.problem}`
  }
}

/** A sentence on a row of which a part cannot be read. */
export function problemText({ sessionId, entryId, node }: SessionRecord, problem: string): string {
  return `The row of session ${sessionId} of ${entryId} on ${node} cannot be read (${problem}); repair it.`
}
