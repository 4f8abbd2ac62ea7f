import type { SessionChange } from '../../change.ts'
import { LIMITS } from '../../limits.ts'
import type { DayPlayed } from '../../session.ts'
import { type Fields, legalFields, orElse } from './fields.ts'
import { legalEndReason } from './payloads.ts'
import { quotaPeriod } from './periods.ts'
import {
  bytesOf,
  compareBytes,
  type Legal,
  legalDay,
  legalDuration,
  legalId,
  legalInstant,
  legalInteger,
  legalList,
  legalText,
  optional,
  refuse,
} from './values.ts'

const legalCount = legalInteger(1, Number.MAX_SAFE_INTEGER)

/** Each day once, and in their order. */
const legalPlayed: Legal<readonly DayPlayed[]> = (value) => {
  const item: Legal<DayPlayed> = (day) => legalFields({ day: legalDay, playedMs: legalDuration }, day) as DayPlayed
  const played = legalList(item, 0, LIMITS.SESSION_REPORT_DAYS_MAX)(value)
  if (new Set(played.map(({ day }) => day)).size < played.length) return refuse()
  legalDuration(played.reduce((sum, { playedMs }) => sum + playedMs, 0))
  return played.toSorted((a, b) => compareBytes(a.day, b.day))
}

const legalLabel: Legal<string> = (value) =>
  bytesOf(legalText(value)) <= LIMITS.SESSION_LABEL_BYTES_MAX ? legalText(value) : refuse()

const JUMP: Fields = {
  report: legalCount,
  wallMs: legalInteger(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER),
  monotonicMs: legalDuration,
}

/** An upper bound, with the period that it is for. */
export const QUOTA: Fields = { period: quotaPeriod, limitMs: legalDuration }

const RESERVATION: Fields = {
  day: legalDay,
  upToMs: legalDuration,
  limits: legalList((limit) => legalFields(QUOTA, limit), 1, LIMITS.CONDITIONS_MAX),
}

const OF_SESSION: Fields = { sessionId: legalId, entryId: legalId }
const REPORT: Fields = {
  run: legalId,
  report: legalCount,
  played: legalPlayed,
  active: orElse(legalPlayed, []),
  jumps: orElse(
    legalList((jump) => legalFields(JUMP, jump), 0, LIMITS.SESSION_JUMPS_MAX),
    [],
  ),
}
const reserve = optional((value) => legalFields(RESERVATION, value))

export const SESSION_CHANGES: Readonly<Record<SessionChange['type'], Fields>> = {
  start_session: {
    ...OF_SESSION,
    run: legalId,
    label: optional(legalLabel),
    deadline: optional(legalInstant),
    reserve,
  },
  import_session: {
    ...OF_SESSION,
    run: legalId,
    label: optional(legalLabel),
    startedAt: legalInstant,
    deadline: optional(legalInstant),
    lastReportedAt: legalInstant,
    warningsIssuedMs: legalList(legalDuration, 0, LIMITS.SESSION_WARNINGS_MAX),
    played: legalPlayed,
  },
  report_session: { ...OF_SESSION, ...REPORT, reserve },
  warn_session: { ...OF_SESSION, run: legalId, thresholdMs: legalDuration },
  extend_session: { ...OF_SESSION, run: legalId, deadline: legalInstant },
  end_session: { ...OF_SESSION, ...REPORT, reason: legalEndReason, cooldownMs: optional(legalDuration) },
  recover_session: { ...OF_SESSION, silentForMs: orElse(legalDuration, 0), cooldownMs: optional(legalDuration) },
  continue_session: { ...OF_SESSION, from: legalId, run: legalId, active: orElse(legalPlayed, []), reserve },
}
