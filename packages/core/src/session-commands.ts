import type { SessionChange } from './change.ts'
import { checkText } from './codec.ts'
import { type Day, parseDay } from './day.ts'
import type { DriverReport, DriverReservation, SessionCommand } from './driver-changes.ts'
import { invalidArgument } from './errors.ts'
import { LIMITS } from './limits.ts'
import { type Period, quotaPeriod } from './period.ts'
import { totalOf } from './played.ts'
import type { ClockJump, DayPlayed, QuotaLimit, Reservation } from './session.ts'
import type { DurationMs, NodeId, Scope } from './values.ts'
import { checkDuration, checkFields, checkId, checkInstant, checkInteger, checkList, describe } from './values.ts'
import { checkEndReason } from './wire.ts'

/** Who asks, and when. */
interface Asker {
  readonly scope: Scope
  readonly node: NodeId
  readonly at: Date
}

const OF_SESSION = ['type', 'sessionId', 'entryId'] as const
const REPORT = ['run', 'report', 'played', 'active', 'jumps'] as const

/** The change as drivers get it: checked and complete. @throws StoreError `INVALID_ARGUMENT`. */
export function sessionCommand(asker: Asker, change: SessionChange): SessionCommand {
  switch (change.type) {
    case 'start_session': {
      const { run, label, deadline, reserve, ...ids } = checkFields(
        change,
        [...OF_SESSION, 'run', 'label', 'deadline', 'reserve'],
        'change',
      )
      return {
        ...of(asker, ids),
        action: 'start',
        run: checkId(run, 'run'),
        ...named(label),
        ...until(deadline),
        ...reserving(reserve),
      }
    }
    case 'import_session': {
      const { run, label, startedAt, deadline, lastReportedAt, warningsIssuedMs, played, ...ids } = checkFields(
        change,
        [...OF_SESSION, 'run', 'label', 'startedAt', 'deadline', 'lastReportedAt', 'warningsIssuedMs', 'played'],
        'change',
      )
      return {
        ...of(asker, ids),
        action: 'import',
        run: checkId(run, 'run'),
        ...named(label),
        startedAt: checkInstant(startedAt, 'startedAt'),
        ...until(deadline),
        lastReportedAt: checkInstant(lastReportedAt, 'lastReportedAt'),
        warningsIssuedMs: checkList(warningsIssuedMs, 'warningsIssuedMs', 0, LIMITS.SESSION_WARNINGS_MAX).map(
          (threshold, index) => checkDuration(threshold, `warningsIssuedMs[${index}]`),
        ),
        played: checkPlayed(played, 'played'),
      }
    }
    case 'report_session': {
      const { reserve, ...rest } = checkFields(change, [...OF_SESSION, ...REPORT, 'reserve'], 'change')
      return { ...of(asker, rest), action: 'report', ...reportOf(rest), ...reserving(reserve) }
    }
    case 'warn_session': {
      const { run, thresholdMs, ...ids } = checkFields(change, [...OF_SESSION, 'run', 'thresholdMs'], 'change')
      return {
        ...of(asker, ids),
        action: 'warn',
        run: checkId(run, 'run'),
        thresholdMs: checkDuration(thresholdMs, 'thresholdMs'),
      }
    }
    case 'extend_session': {
      const { run, deadline, ...ids } = checkFields(change, [...OF_SESSION, 'run', 'deadline'], 'change')
      return {
        ...of(asker, ids),
        action: 'extend',
        run: checkId(run, 'run'),
        deadline: checkInstant(deadline, 'deadline'),
      }
    }
    case 'end_session': {
      const { reason, cooldownMs, ...rest } = checkFields(
        change,
        [...OF_SESSION, ...REPORT, 'reason', 'cooldownMs'],
        'change',
      )
      return {
        ...of(asker, rest),
        action: 'end',
        ...reportOf(rest),
        reason: checkEndReason(reason),
        ...resting(cooldownMs),
      }
    }
    case 'recover_session': {
      const {
        silentForMs = 0,
        cooldownMs,
        ...ids
      } = checkFields(change, [...OF_SESSION, 'silentForMs', 'cooldownMs'], 'change')
      return {
        ...of(asker, ids),
        action: 'recover',
        silentForMs: checkDuration(silentForMs, 'silentForMs'),
        ...resting(cooldownMs),
      }
    }
    case 'continue_session': {
      const { from, run, active, reserve, ...ids } = checkFields(
        change,
        [...OF_SESSION, 'from', 'run', 'active', 'reserve'],
        'change',
      )
      return {
        ...of(asker, ids),
        action: 'continue',
        from: checkId(from, 'from'),
        run: checkId(run, 'run'),
        active: checkActive(active),
        ...reserving(reserve),
      }
    }
    default:
      throw invalidArgument(`there is no change of type ${describe((change as { readonly type: unknown }).type)}`)
  }
}

function of({ scope, node, at }: Asker, ids: { readonly sessionId: unknown; readonly entryId: unknown }) {
  const sessionId = checkId(ids.sessionId, 'sessionId')
  return { table: 'session', scope, sessionId, entryId: checkId(ids.entryId, 'entryId'), node, at } as const
}

function named(label: unknown): { readonly label?: string } {
  if (label === undefined) return {}
  const text = checkText(label, 'label')
  if (Buffer.byteLength(text) <= LIMITS.SESSION_LABEL_BYTES_MAX) return { label: text }
  throw invalidArgument(`label takes more than ${LIMITS.SESSION_LABEL_BYTES_MAX} bytes`)
}

function until(deadline: unknown): { readonly deadline?: Date } {
  return deadline === undefined ? {} : { deadline: checkInstant(deadline, 'deadline') }
}

function resting(cooldownMs: unknown): { readonly cooldownMs?: DurationMs } {
  return cooldownMs === undefined ? {} : { cooldownMs: checkDuration(cooldownMs, 'cooldownMs') }
}

function reportOf({
  run,
  report,
  played,
  active,
  jumps = [],
}: Pick<Extract<SessionChange, { type: 'report_session' }>, (typeof REPORT)[number]>): DriverReport {
  return {
    run: checkId(run, 'run'),
    report: checkInteger(report, 'report', 1, Number.MAX_SAFE_INTEGER),
    played: checkPlayed(played, 'played'),
    active: checkActive(active),
    jumps: checkList(jumps, 'jumps', 0, LIMITS.SESSION_JUMPS_MAX).map(checkJump),
  }
}

/** Each day once, in the order of time. */
function checkPlayed(value: readonly DayPlayed[], field: 'played' | 'active'): readonly DayPlayed[] {
  const days = checkList(value, field, 0, LIMITS.SESSION_REPORT_DAYS_MAX).map((item) => {
    const { day, playedMs } = checkFields(item, ['day', 'playedMs'], field)
    return { day: parseDay(day), playedMs: checkDuration(playedMs, 'playedMs') }
  })
  if (new Set(days.map(({ day }) => day)).size < days.length) throw invalidArgument(`${field} has a day twice`)
  checkDuration(totalOf(days), `the sum of ${field}`)
  return days.toSorted((a, b) => (a.day < b.day ? -1 : 1))
}

function checkActive(active: readonly DayPlayed[] | undefined): readonly DayPlayed[] {
  return active === undefined ? [] : checkPlayed(active, 'active')
}

function checkJump(jump: ClockJump): ClockJump {
  const { report, wallMs, monotonicMs } = checkFields(jump, ['report', 'wallMs', 'monotonicMs'], 'jump')
  return {
    report: checkInteger(report, 'jump.report', 1, Number.MAX_SAFE_INTEGER),
    wallMs: checkInteger(wallMs, 'jump.wallMs', Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER),
    monotonicMs: checkDuration(monotonicMs, 'jump.monotonicMs'),
  }
}

function reserving(reserve: Reservation | undefined): { readonly reserve?: DriverReservation } {
  if (reserve === undefined) return {}
  const { day, upToMs, limits } = checkFields(reserve, ['day', 'upToMs', 'limits'], 'reserve')
  const asked: Day = parseDay(day)
  return {
    reserve: {
      day: asked,
      upToMs: checkDuration(upToMs, 'reserve.upToMs'),
      limits: checkList(limits, 'reserve.limits', 1, LIMITS.CONDITIONS_MAX).map(checkLimit),
    },
  }
}

function checkLimit(limit: QuotaLimit): { readonly period: Period; readonly limitMs: DurationMs } {
  if (typeof limit !== 'object' || limit === null)
    throw invalidArgument(`a limit must be an object, not ${describe(limit)}`)
  const { period, limitMs } = checkFields(limit, ['period', 'limitMs'], 'limit')
  return { period: quotaPeriod(period), limitMs: checkDuration(limitMs, 'limitMs') }
}
