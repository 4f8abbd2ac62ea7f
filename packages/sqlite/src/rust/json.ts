import type { JsonObject, JsonValue } from '@shepherd-store/core'
import { show, UnreadableRow } from './forms.ts'

/** Levels of objects and arrays that the crate's own reader, serde_json, takes. */
const DEPTH_MAX = 127

/** JSON as the crate wrote it. @throws UnreadableRow when it is none, or nested deeper than the crate could read. */
export function parseJson(text: string, what: string): JsonValue {
  const json = parsed(text, what)
  let level = nestedIn([json])
  for (let depth = 1; level.length > 0; depth += 1) {
    if (depth > DEPTH_MAX) throw new UnreadableRow(`${what} is nested deeper than ${DEPTH_MAX} levels`)
    level = nestedIn(level.flatMap((value) => Object.values<JsonValue>(value)))
  }
  return json
}

/** @throws UnreadableRow */
export function parseObject(json: JsonValue, what: string): JsonObject {
  if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json as JsonObject
  throw new UnreadableRow(`${what} is not an object: ${show(json)}`)
}

function parsed(text: string, what: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue
  } catch {
    throw new UnreadableRow(`${what} is not JSON: ${show(text)}`)
  }
}

function nestedIn(values: readonly JsonValue[]): readonly (JsonObject | readonly JsonValue[])[] {
  return values.filter((value) => typeof value === 'object' && value !== null)
}
