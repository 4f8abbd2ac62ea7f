import { invalidArgument } from './errors.ts'
import { LIMITS } from './limits.ts'

/** A game or application. 1 to 256 bytes of well-formed Unicode without NUL, compared code unit by code unit. */
export type EntryId = string
/** A machine. The same form as an `EntryId`. */
export type NodeId = string
/** Whose quota this is: a child, a household. The same form as an `EntryId`. */
export type Scope = string
/** One run of an entry. The same form as an `EntryId`; the crate's are UUIDs. */
export type SessionId = string
/** One run of the service, from its start to its end. The same form as an `EntryId`. */
export type RunId = string
/** Names a write so that it is applied once, however often it is sent. The same form as an `EntryId`. */
export type OperationId = string
/** Whole milliseconds, 0 to 2^53 − 1. */
export type DurationMs = number

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject
export interface JsonObject {
  readonly [key: string]: JsonValue
}

/** Returns `value` if it is an id. @throws StoreError `INVALID_ARGUMENT`, naming `what` and the value. */
export function checkId(value: unknown, what: string): string {
  if (typeof value !== 'string') throw invalidArgument(`${what} must be a string, not ${describe(value)}`)
  const problem = problemOfId(value)
  if (problem !== undefined) throw invalidArgument(`${what} ${describe(value)} ${problem}`)
  return value
}

function problemOfId(value: string): string | undefined {
  if (value.length === 0) return 'is empty; ids have 1 to 256 bytes'
  // A code unit takes 1 to 3 bytes, so most ids need no count.
  const long = value.length > LIMITS.ID_BYTES_MAX
  if (long || (value.length * 3 > LIMITS.ID_BYTES_MAX && Buffer.byteLength(value) > LIMITS.ID_BYTES_MAX)) {
    return `is longer than ${LIMITS.ID_BYTES_MAX} bytes`
  }
  return problemOfText(value)
}

function problemOfText(value: string): string | undefined {
  if (value.includes('\0')) return 'contains NUL, which PostgreSQL cannot store'
  if (!value.isWellFormed()) return 'contains a lone surrogate, which is not Unicode text'
  return undefined
}

/** Returns `value` if it is whole milliseconds in range (−0 as 0). @throws StoreError `INVALID_ARGUMENT`. */
export function checkDuration(value: unknown, what: string): DurationMs {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw invalidArgument(`${what} must be whole milliseconds from 0 to 2^53 - 1, not ${describe(value)}`)
  }
  return value + 0
}

/** Returns `value` if it is an integer in `[min, max]`. @throws StoreError `INVALID_ARGUMENT`. */
export function checkInteger(value: unknown, what: string, min: number, max: number): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < min || value > max) {
    throw invalidArgument(`${what} must be an integer from ${min} to ${max}, not ${describe(value)}`)
  }
  return value + 0
}

/** Returns `value` if it is `true` or `false`. @throws StoreError `INVALID_ARGUMENT`. */
export function checkBoolean(value: unknown, what: string): boolean {
  if (typeof value !== 'boolean') throw invalidArgument(`${what} must be true or false, not ${describe(value)}`)
  return value
}

/** `'all'`, or nothing: another scope is seen through a view. @throws StoreError `INVALID_ARGUMENT`. */
export function checkScopeQuery(scope: unknown): 'all' | undefined {
  if (scope === undefined || scope === 'all') return scope
  throw invalidArgument(`scope must be 'all' or left out, not ${describe(scope)}; use view for another scope`)
}

/** Returns a copy of `value` if it is an instant in range. @throws StoreError `INVALID_ARGUMENT`. */
export function checkInstant(value: unknown, what: string): Date {
  if (!(value instanceof Date)) throw invalidArgument(`${what} must be a Date, not ${describe(value)}`)
  if (!isInstant(value)) throw invalidArgument(`${what} must be a valid Date from 1970 to 9999, not ${describe(value)}`)
  return new Date(value.getTime())
}

function isInstant(value: Date): boolean {
  const ms = value.getTime()
  return ms >= LIMITS.INSTANT_MS_MIN && ms <= LIMITS.INSTANT_MS_MAX
}

/** The instant that an ISO 8601 text in UTC names; an Invalid Date when it names none in range. */
export function parseInstant(text: unknown): Date {
  if (typeof text !== 'string' || !ISO_UTC.test(text)) return new Date(Number.NaN)
  const instant = new Date(text)
  // `new Date` takes the 30th of February for the 2nd of March, and 24:00 for the next day.
  return isInstant(instant) && instant.getUTCDate() === Number(text.slice(8, 10)) ? instant : new Date(Number.NaN)
}

const ISO_UTC = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

/**
 * Returns `value` if it is an object with no fields but `known`: a mistyped one would otherwise be a condition, or a
 * limit, that is not there. @throws StoreError `INVALID_ARGUMENT`.
 */
export function checkFields<T extends object>(value: T, known: readonly (keyof T & string)[], what: string): T {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalidArgument(`${what} must be an object, not ${describe(value)}`)
  }
  const stray = Object.keys(value).find((key) => !known.some((name) => name === key))
  if (stray !== undefined) throw invalidArgument(`${what} has no field ${describe(stray)}; it has ${known.join(', ')}`)
  return value
}

/** Its items, in an array of ours: the caller's may be of a class that has ideas of its own. */
export function checkList<T>(items: readonly T[], what: string, min: number, max: number): readonly T[] {
  const length = Array.isArray(items) ? items.length : undefined
  if (length !== undefined && length >= min && length <= max)
    return Array.from({ length }, (_, index) => items[index] as T)
  throw invalidArgument(`${what} must be an array of ${min} to ${max} items, not ${length ?? describe(items)}`)
}

/** The same for 1 to `max` objects. */
export function checkObjects<T>(items: readonly T[], what: string, max: number): readonly T[] {
  const list = checkList(items, what, 1, max)
  const odd = list.findIndex((item) => typeof item !== 'object' || item === null)
  if (odd < 0) return list
  throw invalidArgument(`${what}[${odd}] must be an object, not ${describe(list[odd])}`)
}

/** The order of ids and keys, on every backend: that of their UTF-8 bytes. */
export function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let index = 0; index < length; index += 1) {
    const x = a.charCodeAt(index)
    const y = b.charCodeAt(index)
    if (x !== y) return inUtf8(x) - inUtf8(y)
  }
  return a.length - b.length
}

/** UTF-8 has what UTF-16 writes as two surrogates behind everything else. */
function inUtf8(codeUnit: number): number {
  return codeUnit >= 0xd800 && codeUnit <= 0xdfff ? codeUnit + 0x10000 : codeUnit
}

/** A value as an error message shows it: short, quoted, on one line. */
export function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value)
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString()
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object'
  if (typeof value === 'function') return 'a function'
  return Object.is(value, -0) ? '-0' : String(value)
}
