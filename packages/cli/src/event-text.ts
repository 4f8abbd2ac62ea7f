import type { AuditRecord, Correction, DenialReason, Period, SessionEndReason } from '@shepherd-store/core'
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
      return `${event.entryId} ended after ${duration(event.durationMs)}: ${endText(event.reason, instant)}`
    case 'launch_denied':
      return `${event.entryId} denied: ${event.reasons.map((reason) => denialText(reason, instant)).join('; ')}`
    case 'session_continued':
      return `${event.entryId} goes on after a restart of the service`
    case 'session_time_added':
      return `${duration(event.addedMs)} more of ${event.entryId}, reported after its end: ${duration(event.durationMs)} in all`
    case 'clock_jumped': {
      const wall = `${event.wallMs < 0 ? 'back' : 'forward'} by ${duration(Math.abs(event.wallMs))}`
      return `the clock went ${wall} while ${duration(event.monotonicMs)} passed, in session ${event.sessionId}`
    }
    case 'usage_adjusted': {
      const change =
        event.byMs === 0
          ? 'left at'
          : `${event.byMs < 0 ? 'lowered' : 'raised'} by ${duration(Math.abs(event.byMs))} to`
      return `usage of ${event.entryId} on ${event.day} ${change} ${duration(event.usedMs)}, ${correctionText(event)}`
    }
    case 'records_archived':
      return `records ${event.firstId} to ${event.throughId} archived in ${event.archive}`
    case 'scope_forgotten':
      return `all that was recorded until then erased, ${correctionText(event)}`
    case 'erased':
      return '(erased)'
    case 'time_granted': {
      const change =
        event.byMs === 0
          ? 'extra time left as it was for'
          : `${duration(Math.abs(event.byMs))} of extra time ${event.byMs < 0 ? 'taken back from' : 'granted for'}`
      return `${change} ${event.entryId} on ${event.day}, ${duration(event.grantedMs)} in all, ${correctionText(event)}`
    }
    case 'cooldown_cleared': {
      const until = event.until === undefined ? '' : ` until ${instant(event.until)}`
      return `cooldown of ${event.entryId}${until} cleared ${correctionText(event)}`
    }
    case 'other':
      return `${event.name} ${JSON.stringify(event.data)}`
    case 'unreadable':
      return `unreadable, ${event.problem}: ${event.text}`
  }
}

function named({ entryId, label }: { readonly entryId: string; readonly label?: string | undefined }): string {
  return label === undefined || label === entryId ? entryId : `${label} (${entryId})`
}

function correctionText({ by, why }: Correction): string {
  return `by ${by}: ${why}`
}

function endText(reason: SessionEndReason, instant: InstantFormat): string {
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
    case 'recovered':
      return `nothing was heard of ${reason.node} since ${instant(reason.lastReportedAt)}`
  }
}

function denialText(reason: DenialReason, instant: InstantFormat): string {
  switch (reason.type) {
    case 'quota_exhausted':
      return `${duration(reason.usedMs)} of ${duration(reason.quotaMs)} used${PERIOD_TEXT[reason.period ?? 'day']}`
    case 'cooldown_active':
      return `cooldown until ${instant(reason.until)}`
    case 'session_active':
      return `${named(reason)} runs on ${reason.node}`
    case 'other':
      return reason.text
  }
}

/** A quota is one of a day unless it says otherwise. */
const PERIOD_TEXT: Readonly<Record<Period, string>> = { day: '', week: ' in the week', month: ' in the month' }
