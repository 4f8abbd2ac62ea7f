import type { Day } from '../../day.ts'
import type { StoreErrorCode } from '../../errors.ts'
import { LIMITS } from '../../limits.ts'

/** What the model throws: the code that a store must answer with. It never leaves anything half done. */
export class ModelError extends Error {
  readonly code: StoreErrorCode

  constructor(code: StoreErrorCode) {
    super(code)
    this.code = code
  }
}

/** What a legal argument is kept as; any other is `INVALID_ARGUMENT`. */
export type Legal<T> = (value: unknown) => T

export function refuse(): never {
  throw new ModelError('INVALID_ARGUMENT')
}

export const legalId: Legal<string> = (value) => {
  const text = legalText(value)
  const bytes = bytesOf(text)
  return bytes >= 1 && bytes <= LIMITS.ID_BYTES_MAX && !text.includes('\0') ? text : refuse()
}

export const legalText: Legal<string> = (value) =>
  typeof value === 'string' && value.isWellFormed() ? value : refuse()

export const legalFlag: Legal<boolean> = (value) => (typeof value === 'boolean' ? value : refuse())

/** Every scope, where one asks for more than one's own. */
export const legalAll: Legal<'all'> = (value) => (value === 'all' ? value : refuse())

export function legalInteger(min: number, max: number): Legal<number> {
  return (value) => {
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < min || value > max) return refuse()
    return value === 0 ? 0 : value
  }
}

export const legalDuration = legalInteger(0, LIMITS.DURATION_MS_MAX)

export const legalInstant: Legal<Date> = (value) => {
  if (!(value instanceof Date)) return refuse()
  const ms = value.getTime()
  return ms >= LIMITS.INSTANT_MS_MIN && ms <= LIMITS.INSTANT_MS_MAX ? new Date(ms) : refuse()
}

export const legalDay: Legal<Day> = (value) => {
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\d$/.test(value) || value < '1970-01-01') return refuse()
  const midnight = new Date(`${value}T00:00:00Z`)
  return !Number.isNaN(midnight.getTime()) && dayOf(midnight) === value ? value : refuse()
}

export function legalList<T>(item: Legal<T>, min: number, max: number): Legal<readonly T[]> {
  return (value) => (Array.isArray(value) && value.length >= min && value.length <= max ? value.map(item) : refuse())
}

/** `undefined` is legal, and means what leaving the argument out means. */
export function optional<T>(legal: Legal<T>): Legal<T | undefined> {
  return (value) => (value === undefined ? undefined : legal(value))
}

/** An object with no fields but those that are `known`. */
export function legalObject(value: unknown, known: readonly string[]): Readonly<Record<string, unknown>> {
  const object = anyObject(value)
  return Object.keys(object).every((key) => known.includes(key)) ? object : refuse()
}

export function anyObject(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return refuse()
  return value as Record<string, unknown>
}

/** The day in the suite's calendar: UTC, from midnight to midnight. */
export function dayOf(instant: Date): Day {
  return instant.toISOString().slice(0, 10) as Day
}

export function bytesOf(text: string): number {
  return new TextEncoder().encode(text).length
}

/** The order of UTF-8 bytes, which is that of code points. */
export function compareBytes(a: string, b: string): number {
  const left = [...a].map((character) => character.codePointAt(0) ?? 0)
  const right = [...b].map((character) => character.codePointAt(0) ?? 0)
  const at = left.findIndex((codePoint, index) => codePoint !== right[index])
  if (at === -1) return left.length - right.length
  return (left[at] ?? 0) - (right[at] ?? -1)
}
