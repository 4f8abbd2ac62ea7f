import { isDay } from './day.ts'
import { messageOf } from './errors.ts'
import { lookAtDetail } from './session-rows.ts'
import { checkDuration, checkId, checkInteger, describe, parseInstant } from './values.ts'
import { decodeSnapshot } from './wire.ts'

/** What a column holds, beside the log. */
export type ColumnForm = keyof typeof PROBLEMS

type Forms = Readonly<Record<string, ColumnForm>>
interface TableForm {
  /** The columns that tell rows apart, in the order of the key. */
  readonly key: Forms
  readonly values: Forms
}

/** Every table beside the log, by the names of its columns. A `?` at the end of a form: or nothing. */
export const ROW_FORMS = {
  usage: { key: { scope: 'id', day: 'day', entry_id: 'id', node: 'id' }, values: { duration_ms: 'duration' } },
  cooldowns: { key: { scope: 'id', entry_id: 'id' }, values: { until: 'instant' } },
  snapshot: { key: { scope: 'id', node: 'id' }, values: { revision: 'place', state: 'snapshot' } },
  sessions: {
    key: { scope: 'id', session_id: 'id' },
    values: {
      ...{ node: 'id', run: 'id', report: 'count', entry_id: 'id', started_at: 'instant', deadline: 'instant?' },
      ...{ last_reported_at: 'instant', ended_at: 'instant?', duration_ms: 'duration', reserved_day: 'day?' },
      ...{ reserved_ms: 'duration', detail: 'session' },
    },
  },
  session_played: { key: { scope: 'id', session_id: 'id', run: 'id', day: 'day' }, values: { played_ms: 'duration' } },
  grants: { key: { scope: 'id', day: 'day', entry_id: 'id' }, values: { granted_ms: 'duration' } },
  nodes: { key: { node: 'id' }, values: { seen_at: 'instant', clock_skew_ms: 'integer?' } },
  operations: {
    key: { scope: 'id', operation_id: 'id' },
    values: { digest: 'hash', applied_at: 'instant', first_audit_id: 'place', audit_count: 'count' },
  },
  audit_cuts: { key: { through_id: 'place' }, values: { through_hash: 'hash' } },
  audit_spans: { key: { last_id: 'place', day: 'day' }, values: { first_at: 'instant', last_at: 'instant' } },
  forgotten_scopes: { key: { scope: 'id' }, values: { through_id: 'count' } },
} as const satisfies Readonly<Record<string, TableForm>>

export type CheckedTable = keyof typeof ROW_FORMS

/** What of a row cannot be read as what it should be, in words; `undefined`: all of it can. Instants are text, or a Date. */
export function problemOfRow(table: CheckedTable, row: Readonly<Record<string, unknown>>): string | undefined {
  for (const [column, form] of Object.entries(formsOf(table))) {
    const problem = PROBLEMS[form](row[column])
    if (problem !== undefined) return `${column} ${problem}`
  }
  return undefined
}

/** All columns of a table, those of the key first. */
export function formsOf(table: CheckedTable): Forms {
  const { key, values }: TableForm = ROW_FORMS[table]
  return { ...key, ...values }
}

type Look = (value: unknown) => string | undefined

const integer = (min: number): Look => by((value) => checkInteger(numberOf(value), 'it', min, Number.MAX_SAFE_INTEGER))
const day: Look = (value) => (typeof value === 'string' && isDay(value) ? undefined : `is ${describe(value)}, no day`)
const instant: Look = (value) => {
  const at = value instanceof Date ? value : parseInstant(value)
  return Number.isNaN(at.getTime()) ? `is ${describe(value)}, no instant` : undefined
}
const orNothing =
  (look: Look): Look =>
  (value) =>
    value === null || value === undefined ? undefined : look(value)

const PROBLEMS = {
  id: by((value) => checkId(value, 'it')),
  day,
  'day?': orNothing(day),
  instant,
  'instant?': orNothing(instant),
  duration: by((value) => checkDuration(numberOf(value), 'it')),
  integer: integer(Number.MIN_SAFE_INTEGER),
  'integer?': orNothing(integer(Number.MIN_SAFE_INTEGER)),
  count: integer(0),
  /** A place in the log, or a revision: they count from one. */
  place: integer(1),
  hash: (value) =>
    typeof value === 'string' && /^[0-9a-f]{64}$/.test(value) ? undefined : `is ${describe(value)}, no SHA-256`,
  snapshot: by((value) => decodeSnapshot(textOf(value))),
  session: (value) => {
    const problem = typeof value === 'string' ? lookAtDetail(value).problem : 'it is no text'
    return problem === undefined ? undefined : `cannot be read: ${problem}`
  },
} satisfies Readonly<Record<string, Look>>

/** What a reader of such a value complains of. */
function by(read: (value: unknown) => unknown): Look {
  return (value) => {
    try {
      read(value)
      return undefined
    } catch (error) {
      return `cannot be read: ${messageOf(error)}`
    }
  }
}

/** Drivers give integers as numbers, as text or as bigints. */
function numberOf(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value)
  return typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : value
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  throw new TypeError(`it is ${describe(value)}, no text`)
}
