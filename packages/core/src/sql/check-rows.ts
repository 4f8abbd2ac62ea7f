import { type AliasedExpression, sql } from 'kysely'
import type { CheckProblem } from '../check-report.ts'
import { isStoreError } from '../errors.ts'
import { LIMITS } from '../limits.ts'
import { type CheckedTable, type ColumnForm, formsOf, problemOfRow, ROW_FORMS } from '../row-forms.ts'
import { compareText } from '../values.ts'
import type { Column, DatabaseCheck, Found, SqlFlavor } from './flavor.ts'
import { SPAN_RECORDS } from './log-schema.ts'
import { keptCalendar, readMeta } from './migrate.ts'
import { SCHEMA_VERSION } from './migrations.ts'
import { atMost, prepare } from './prepare.ts'
import { Batch, type Program, type Row, type SqlValue, type Statement } from './program.ts'

/** The key of the last row of the page before. */
type PageStart = readonly SqlValue[]

type Slots = Readonly<Record<string, SqlValue>>

/** A page of each table, in the order of its key; the first one, or the one behind a row. Compiled when it is first asked for. */
type RowPages = (table: CheckedTable, after: PageStart | undefined) => Statement

export function rowPages(flavor: SqlFlavor): RowPages {
  const compiled = new Map<string, (slots: Slots) => Statement>()
  return (table, after) => {
    const shape = `${table} ${after === undefined ? 'first' : 'next'}`
    const statement = compiled.get(shape) ?? pageQuery(flavor, table, after !== undefined)
    compiled.set(shape, statement)
    const key = Object.fromEntries((after ?? []).map((value, index) => [`key${index}`, value]))
    return statement({ ...key, limit: LIMITS.CHECK_PAGE_ROWS })
  }
}

function pageQuery(flavor: SqlFlavor, table: CheckedTable, isBehind: boolean): (slots: Slots) => Statement {
  const keys = keysOf(table)
  const column = (name: string): Column => sql.ref<string>(`${table}.${name}`)
  return prepare((slots: Slots) =>
    flavor.db
      // Any of them: what its columns are, its forms say.
      .selectFrom(table as 'usage')
      .select(Object.entries(formsOf(table)).map(([name, form]) => readAs(flavor, form, column(name)).as(name)))
      .select(besides(flavor, table))
      .$if(isBehind, (query) =>
        query.where(
          sql<boolean>`(${sql.join(keys.map(column))}) > (${sql.join(keys.map((_, index) => slots[`key${index}`]))})`,
        ),
      )
      .orderBy(sql`${sql.join(keys.map(column))}`)
      .limit(atMost(slots['limit'] as number))
      .$castTo<Row>(),
  )
}

/** As reads have it. */
function readAs({ textOf }: SqlFlavor, form: ColumnForm, column: Column) {
  const kind = TEXTS[form]
  return kind === undefined ? column : textOf[kind](column)
}

const TEXTS: Partial<Record<ColumnForm, keyof SqlFlavor['textOf']>> = {
  ...{ instant: 'instant', 'instant?': 'instant', day: 'day', 'day?': 'day' },
  ...{ snapshot: 'json', session: 'json' },
}

/** What a row must agree with. */
function besides({ db }: SqlFlavor, table: CheckedTable): AliasedExpression<unknown, string>[] {
  if (table === 'session_played') {
    const session = db
      .selectFrom('sessions')
      .select(sql.lit(1).as('there'))
      .where('sessions.scope', '=', sql.ref<string>('session_played.scope'))
      .where('sessions.session_id', '=', sql.ref<string>('session_played.session_id'))
    return [session.as('session')]
  }
  return OF_THE_LOG.has(table) ? [db.selectFrom('audit_head').select('last_id').as('head_id')] : []
}

const OF_THE_LOG: ReadonlySet<CheckedTable> = new Set(['operations', 'audit_cuts', 'audit_spans', 'forgotten_scopes'])

/** Every table, page by page. */
export function tableChecks(pages: RowPages): readonly DatabaseCheck[] {
  const tables = Object.keys(ROW_FORMS) as readonly CheckedTable[]
  return tables.map((part) => ({ part, look: (after) => checkPage(pages, part, after as PageStart | undefined) }))
}

function* checkPage(pages: RowPages, table: CheckedTable, after: PageStart | undefined): Program<Found> {
  const batch = new Batch()
  const page = batch.add(pages(table, after))
  yield* batch.commit()
  const rows = page()
  const problems = rows.flatMap((row): readonly CheckProblem[] => {
    const problem = problemOfRow(table, row) ?? DISAGREEMENTS[table]?.(row)
    return problem === undefined ? [] : [damaged(nameOf(table, row), `${problem}; ${REPAIR[table] ?? RESTORE}`)]
  })
  const last = rows.length < LIMITS.CHECK_PAGE_ROWS ? undefined : rows.at(-1)
  if (last === undefined) return { checked: rows.length, problems, blindSpots: [] }
  const key = keysOf(table).map((name) => last[name]) as PageStart
  if (goesOn(after, key)) return { checked: rows.length, problems, blindSpots: [], after: key }
  const message = `the rows behind it were not read: its key is out of order, or cannot be read; ${RESTORE}`
  return { checked: rows.length, problems: [...problems, damaged(nameOf(table, last), message)], blindSpots: [] }
}

/** What a row tells that cannot be, by what else is stored. */
const DISAGREEMENTS: Partial<Record<CheckedTable, (row: Row) => string | undefined>> = {
  session_played: (row) => (row['session'] === null ? 'its session is not there' : undefined),
  sessions: (row) =>
    row['reserved_day'] === null && Number(row['reserved_ms']) !== 0 ? 'reserved_ms is of no day' : undefined,
  operations: (row) => beyond(row, Number(row['first_audit_id']) + Number(row['audit_count']) - 1),
  audit_cuts: (row) => beyond(row, Number(row['through_id'])),
  forgotten_scopes: (row) => beyond(row, Number(row['through_id'])),
  audit_spans(row) {
    const [day, first, last] = [row['day'], row['first_at'], row['last_at']].map(String) as [string, string, string]
    if (first > last || !first.startsWith(day) || !last.startsWith(day)) return 'its times are not those of its day'
    if (Number(row['last_id']) % SPAN_RECORDS !== 0) return 'it ends where no span does'
    return beyond(row, Number(row['last_id']))
  },
}

function beyond(row: Row, id: number): string | undefined {
  return id > Number(row['head_id']) ? 'it tells of records that the log does not have' : undefined
}

const RESTORE = 'compare it with a backup'

/** What a caller can do about a row, where that is more than to restore it. */
const REPAIR: Partial<Record<CheckedTable, string>> = {
  cooldowns: 'set or clear it',
  snapshot: 'save a new one',
  sessions: 'recover the session if it is open, else compare it with a backup',
}

/** An order that does not hold would lead in a circle. */
function goesOn(after: PageStart | undefined, key: PageStart): boolean {
  if (!key.every((value) => typeof value === 'string' || typeof value === 'number')) return false
  if (after === undefined) return true
  const index = key.findIndex((value, place) => value !== after[place])
  const [value, before] = [key[index], after[index]]
  if (typeof value === 'number' && typeof before === 'number') return value > before
  const [text, textBefore] = [String(value), String(before)]
  const areNumbers = [text, textBefore].every((digits) => /^-?\d+$/.test(digits))
  return index >= 0 && (compareText(text, textBefore) > 0 || (areNumbers && Number(text) > Number(textBefore)))
}

/** The version and the calendar of the database. */
export function metaCheck(flavor: SqlFlavor): DatabaseCheck {
  return { part: 'meta', look: () => checkMeta(flavor) }
}

function* checkMeta(flavor: SqlFlavor): Program<Found> {
  const batch = new Batch()
  const meta = batch.add(readMeta(flavor))
  yield* batch.commit()
  const values = new Map(meta().map(({ key, value }) => [key, value]))
  const problems: CheckProblem[] = []
  const version = values.get('schema_version')
  if (version !== String(SCHEMA_VERSION)) {
    const message = `the database says that its schema has the version ${String(version)}, not ${SCHEMA_VERSION}; ${RESTORE}`
    problems.push(damaged('meta ["schema_version"]', message))
  }
  try {
    keptCalendar(values.get('calendar'))
  } catch (error) {
    if (!isStoreError(error)) throw error
    problems.push({ code: error.code, part: 'meta ["calendar"]', message: error.message })
  }
  return { checked: values.size, problems, blindSpots: [] }
}

function keysOf(table: CheckedTable): readonly string[] {
  return Object.keys(ROW_FORMS[table].key)
}

function nameOf(table: CheckedTable, row: Row): string {
  return `${table} ${JSON.stringify(keysOf(table).map((name) => row[name]))}`
}

function damaged(part: string, message: string): CheckProblem {
  return { code: 'MALFORMED', part, message }
}
