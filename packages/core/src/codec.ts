import { type Day, isDay } from './day.ts'
import { invalidArgument } from './errors.ts'
import { LIMITS } from './limits.ts'
import { checkPeriod, type Period } from './period.ts'
import type { JsonObject, JsonValue } from './values.ts'
import { checkDuration, checkId, checkInstant, checkInteger, describe, parseInstant } from './values.ts'

/**
 * The form of events and snapshots in the database: canonical JSON (RFC 8785) with snake_case keys, instants as
 * ISO 8601 in UTC, an absent field left out. One table of fields drives writing, checking and reading.
 */
export interface Codec<T> {
  /** @throws StoreError `INVALID_ARGUMENT`, naming `path`. */
  encode(value: unknown, path: string): JsonValue
  /** @throws Error when `json` is not what `encode` makes. */
  decode(json: JsonValue | undefined, path: string): T
  /** Whether the field may be left out. */
  readonly optional?: true
}

export type Fields<T> = { readonly [K in keyof T]-?: Codec<T[K]> }
/** The fields of each case of a union, by its `type`. */
export type Cases<U extends { readonly type: string }> = {
  readonly [T in U['type']]: Fields<Omit<Extract<U, { readonly type: T }>, 'type'>>
}

export const id: Codec<string> = { encode: checkId, decode: (json, path) => checkId(json, path) }
export const text: Codec<string> = { encode: checkText, decode: checkText }
export const duration: Codec<number> = { encode: checkDuration, decode: checkDuration }
export const integer: Codec<number> = { encode: checkSafeInteger, decode: checkSafeInteger }
export const count: Codec<number> = { encode: checkDurationLike, decode: checkDurationLike }
export const flag: Codec<boolean> = { encode: checkFlag, decode: checkFlag }
export const reason: Codec<string> = { encode: checkReason, decode: checkReason }
export const day: Codec<Day> = { encode: checkDay, decode: checkDay }
export const period: Codec<Period> = { encode: checkPeriod, decode: checkPeriod }
export const instant: Codec<Date> = {
  encode: (value, path) => checkInstant(value, path).toISOString(),
  decode(json, path) {
    const value = parseInstant(json)
    if (!Number.isNaN(value.getTime())) return value
    throw invalidArgument(`${path} must be an instant from 1970 to 9999, not ${describe(json)}`)
  },
}

export function optional<T>(codec: Codec<T>): Codec<T | undefined> {
  return {
    optional: true,
    encode: (value, path) => codec.encode(value, path),
    decode: (json, path) => (json === undefined ? undefined : codec.decode(json, path)),
  }
}

export function list<T>(item: Codec<T>, maxLength: number): Codec<readonly T[]> {
  const check = (value: unknown, path: string): readonly unknown[] => {
    if (Array.isArray(value) && value.length <= maxLength) return Array.from<unknown>(value)
    throw invalidArgument(`${path} must be an array of at most ${maxLength} items, not ${describe(value)}`)
  }
  return {
    encode: (value, path) => check(value, path).map((element, index) => item.encode(element, `${path}[${index}]`)),
    decode: (json, path) =>
      check(json, path).map((element, index) => item.decode(element as JsonValue, `${path}[${index}]`)),
  }
}

export function record<T>(fields: Fields<T>): Codec<T> {
  const named = namedFields(fields)
  return {
    encode(value, path) {
      if (typeof value !== 'object' || value === null) {
        throw invalidArgument(`${path} must be an object, not ${describe(value)}`)
      }
      return encodeFields(named, value, path)
    },
    decode: (json, path) => decodeFields<T>(named, checkObject(json, path), path),
  }
}

export function cases<U extends { readonly type: string }>(table: Cases<U>): Codec<U> {
  const byType = new Map(
    Object.entries<Fields<unknown>>(table).map(([type, fields]) => [
      type,
      namedFields({ type: literal(type), ...fields }),
    ]),
  )
  function fieldsOf(value: unknown, path: string): NamedFields {
    const type: unknown = typeof value === 'object' && value !== null && 'type' in value ? value.type : undefined
    const fields = typeof type === 'string' ? byType.get(type) : undefined
    if (fields !== undefined) return fields
    throw invalidArgument(`${path}.type must be one of ${[...byType.keys()].join(', ')}, not ${describe(type)}`)
  }
  return {
    encode: (value, path) => encodeFields(fieldsOf(value, path), value as object, path),
    decode: (json, path) => decodeFields<U>(fieldsOf(json, path), checkObject(json, path), path),
  }
}

/** The type by which the case was chosen; a getter may have changed its mind since. */
function literal(type: string): Codec<string> {
  return { encode: () => type, decode: () => type }
}

interface NamedField {
  readonly key: string
  /** The key in JSON. */
  readonly name: string
  readonly codec: Codec<unknown>
}

interface NamedFields {
  /** As a person reads them. */
  readonly asGiven: readonly NamedField[]
  /** In the order of their names in JSON, so that what is encoded is canonical as it stands. */
  readonly asWritten: readonly NamedField[]
}

function namedFields(fields: Readonly<Record<string, Codec<unknown>>>): NamedFields {
  const asGiven = Object.entries(fields).map(([key, codec]) => ({ key, name: snakeCase(key), codec }))
  return { asGiven, asWritten: asGiven.toSorted((a, b) => (a.name < b.name ? -1 : 1)) }
}

function encodeFields({ asWritten }: NamedFields, value: object, path: string): JsonObject {
  for (const key of Object.keys(value)) {
    if (!asWritten.some((field) => field.key === key)) throw invalidArgument(`${path} has no field ${describe(key)}`)
  }
  const json: Record<string, JsonValue> = {}
  for (const { key, name, codec } of asWritten) {
    const field: unknown = Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined
    if (field === undefined && codec.optional) continue
    json[name] = codec.encode(field, `${path}.${key}`)
  }
  return json
}

/** Keys that `fields` does not name are left alone: a newer version may have written them. */
function decodeFields<T>({ asGiven }: NamedFields, json: JsonObject, path: string): T {
  const value: Record<string, unknown> = {}
  for (const { key, name, codec } of asGiven) {
    const field = codec.decode(Object.hasOwn(json, name) ? json[name] : undefined, `${path}.${name}`)
    if (field !== undefined) value[key] = field
  }
  return value as T
}

function snakeCase(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

export function checkObject(value: unknown, path: string): JsonObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject
  throw invalidArgument(`${path} must be an object, not ${describe(value)}`)
}

export function checkText(value: unknown, path: string): string {
  if (typeof value !== 'string') throw invalidArgument(`${path} must be a string, not ${describe(value)}`)
  if (value.isWellFormed()) return value
  throw invalidArgument(`${path} contains a lone surrogate, which is not Unicode text: ${describe(value)}`)
}

/** Why something was corrected. @throws StoreError `INVALID_ARGUMENT`. */
export function checkReason(value: unknown, path: string): string {
  const given = checkText(value, path)
  if (given.trim() === '') throw invalidArgument(`${path} is empty; say why`)
  if (Buffer.byteLength(given) <= LIMITS.PAYLOAD_BYTES_MAX) return given
  throw invalidArgument(`${path} takes more than ${LIMITS.PAYLOAD_BYTES_MAX} bytes; say it shorter`)
}

function checkDay(value: unknown, path: string): Day {
  if (typeof value === 'string' && isDay(value)) return value
  throw invalidArgument(`${path} must be a day, as YYYY-MM-DD, not ${describe(value)}`)
}

function checkFlag(value: unknown, path: string): boolean {
  if (typeof value === 'boolean') return value
  throw invalidArgument(`${path} must be true or false, not ${describe(value)}`)
}

function checkSafeInteger(value: unknown, path: string): number {
  return checkInteger(value, path, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)
}

function checkDurationLike(value: unknown, path: string): number {
  return checkInteger(value, path, 0, Number.MAX_SAFE_INTEGER)
}
