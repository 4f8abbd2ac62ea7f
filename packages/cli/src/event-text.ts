import type { AuditRecord, DenialReason, SessionEndReason } from '@shepherd-store/core'
import { count, duration, type InstantFormat } from './format.ts'

/** What happened, in a line for people. It may hold any characters. */
export function eventText(event: AuditRecord['event'], instant: InstantFormat): string {
  switch (event.type) {
    case 'service_started':
      return 'service started'
    case 'service_stopped':
      return 'service stopped'
    case 'policy_loaded':
      return `policy loaded: ${count(event.entryCount, 'entry', 'entries')}`
    case 'config_reloaded':
      return event.success ? 'configuration reloaded' : 'configuration could not be reloaded'
    case 'client_connected':
      return `${event.role} connected${event.uid === undefined ? '' : `, uid ${event.uid}`}: client ${event.clientId}`
    case 'client_disconnected':
      return `client ${event.clientId} disconnected`
    case 'session_started': {
      const limit = event.deadline === undefined ? 'without a limit' : `until ${instant(event.deadline)}`
      return `${named(event)} started, ${limit}`
    }
    case 'warning_issued':
      return `warning ${duration(event.thresholdMs)} before the end of session ${event.sessionId}`
    case 'session_extended': {
      const until = event.newDeadline === undefined ? '' : `, until ${instant(event.newDeadline)}`
      return `${duration(event.extendedByMs)} more for session ${event.sessionId}${until}`
    }
    case 'session_ended':
      return `${event.entryId} ended after ${duration(event.durationMs)}: ${endText(event.reason)}`
    case 'launch_denied':
      return `${event.entryId} denied: ${event.reasons.map((reason) => denialText(reason, instant)).join('; ')}`
    case 'other':
      return `${event.name} ${JSON.stringify(event.data)}`
    case 'unreadable':
      return `unreadable, ${event.problem}: ${event.text}`
  }
}

function named({ entryId, label }: { readonly entryId: string; readonly label?: string | undefined }): string {
  return label === undefined || label === entryId ? entryId : `${label} (${entryId})`
}

function endText(reason: SessionEndReason): string {
  switch (reason.type) {
    case 'expired':
      return 'its time was up'
    case 'user_stop':
      return 'stopped by the user'
    case 'admin_stop':
      return 'stopped by an administrator'
    case 'process_exited':
      return reason.exitCode === undefined ? 'its process ended' : `its process ended with code ${reason.exitCode}`
    case 'policy_stop':
      return 'stopped by the policy'
    case 'service_shutdown':
      return 'the service was shut down'
    case 'launch_failed':
      return `it could not be started: ${reason.error}`
  }
}

function denialText(reason: DenialReason, instant: InstantFormat): string {
  switch (reason.type) {
    case 'quota_exhausted':
      return `${duration(reason.usedMs)} of ${duration(reason.quotaMs)} used`
    case 'cooldown_active':
      return `cooldown until ${instant(reason.until)}`
    case 'other':
      return reason.text
  }
}
