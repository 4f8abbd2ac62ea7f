import { describe, LIMITS } from '@shepherd-store/core'

/** The row cannot be understood. The message is the reason, for the report. */
export class UnreadableRow extends Error {
  override readonly name = 'UnreadableRow'
}

/**
 * The instant that an RFC 3339 text names, at any offset and with 0 to 9 digits of a second, cut to milliseconds: an
 * instant is never later than its source says, so that order is kept. A leap second is the last millisecond before it.
 * @throws UnreadableRow also outside 1970 to 9999.
 */
export function parseTime(value: unknown, what: string): Date {
  const parts = typeof value === 'string' ? RFC_3339.exec(value) : null
  if (parts === null) throw new UnreadableRow(`${what} is not an RFC 3339 time: ${show(value)}`)
  const [, date, minute, second, fraction = '', sign, hours = '0', minutes = '0'] = parts
  const milli = second === '60' ? '59.999' : `${second}.${fraction.padEnd(3, '0').slice(0, 3)}`
  const local = `${date}T${minute}:${milli}Z`
  const localMs = Date.parse(local)
  // Round trip: `Date` takes the 30th of February for the 2nd of March.
  if (
    Number.isNaN(localMs) ||
    new Date(localMs).toISOString() !== local ||
    Number(hours) > 23 ||
    Number(minutes) > 59
  ) {
    throw new UnreadableRow(`${what} is not a time that exists: ${show(value)}`)
  }
  const offsetMs = (Number(hours) * 60 + Number(minutes)) * 60_000
  const ms = sign === '-' ? localMs + offsetMs : localMs - offsetMs
  if (ms >= LIMITS.INSTANT_MS_MIN && ms <= LIMITS.INSTANT_MS_MAX) return new Date(ms)
  throw new UnreadableRow(`${what} is not from 1970 to 9999: ${show(value)}`)
}

const RFC_3339 = /^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d):(\d\d)(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d\d):(\d\d))$/

/**
 * The whole milliseconds of a Rust `Duration`, `{"secs":1799,"nanos":999999999}`, cut: 1,799,999, never more than was
 * played. @throws UnreadableRow also beyond 2^53 − 1 ms.
 */
export function parseDuration(value: unknown, what: string): number {
  if (typeof value !== 'object' || value === null) throw new UnreadableRow(`${what} is not a duration: ${show(value)}`)
  const { secs, nanos } = value as { readonly secs?: unknown; readonly nanos?: unknown }
  if (!isCount(nanos) || nanos >= 1_000_000_000) {
    throw new UnreadableRow(`${what}.nanos is not a number below a billion: ${show(nanos)}`)
  }
  return checkMs(parseSeconds(secs, `${what}.secs`) + Math.floor(nanos / 1_000_000), what)
}

/** Whole seconds as milliseconds. @throws UnreadableRow when they are negative, not whole, or beyond 2^53 − 1 ms. */
export function parseSeconds(value: unknown, what: string): number {
  const secs = typeof value === 'bigint' ? Number(value) : value
  if (typeof secs !== 'number' || !Number.isInteger(secs) || secs < 0) {
    throw new UnreadableRow(`${what} is not a number of seconds: ${show(value)}`)
  }
  return checkMs(secs * 1_000, what)
}

/** The session's id as the crate writes it. It also accepts upper case, no hyphens, braces and `urn:uuid:`. */
export function canonicalSessionId(text: string): string {
  const digits = UUID.exec(text)?.slice(1)
  return digits === undefined ? text : digits.join('-').toLowerCase()
}

const UUID = /^(?:urn:uuid:|\{)?([\da-f]{8})-?([\da-f]{4})-?([\da-f]{4})-?([\da-f]{4})-?([\da-f]{12})\}?$/i

/** A value as the reason of an unreadable row shows it: short, and whatever it is. */
export function show(value: unknown): string {
  if (value === undefined) return 'it is missing'
  return Buffer.isBuffer(value) ? `${value.length} bytes that are not text` : describe(value)
}

function checkMs(ms: number, what: string): number {
  if (ms <= LIMITS.DURATION_MS_MAX) return ms
  throw new UnreadableRow(`${what} is longer than 2^53 - 1 ms`)
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0
}
