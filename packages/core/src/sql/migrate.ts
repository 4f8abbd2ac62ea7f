import {
  type CalendarOptions,
  type CalendarSettings,
  checkCalendarFields,
  createCalendar,
  systemTimeZone,
} from '../calendar.ts'
import { invalidArgument, StoreError } from '../errors.ts'
import { checkBoolean, describe } from '../values.ts'
import type { SqlFlavor, SqlRunner } from './flavor.ts'
import { migrationsFrom, SCHEMA_VERSION } from './migrations.ts'
import { prepare } from './prepare.ts'
import { Batch, type Program, type Statement } from './program.ts'

/** The tables of the crate's databases. */
const RUST_TABLES = ['audit_log', 'usage', 'cooldowns', 'snapshot']

export interface MigrateOptions {
  /**
   * The calendar that a new database keeps from then on. Default: the machine's time zone, days from 00:00.
   * An existing database keeps its own, whatever is given here, unless `changeCalendar` is set.
   */
  readonly calendar?: CalendarOptions | undefined
  /**
   * Gives an existing database the `calendar`, on purpose. What is booked stays on the days where it is; other stores
   * that have it open keep their days until they open it again. Default false.
   */
  readonly changeCalendar?: boolean | undefined
  /** `never`: a database with an older schema, or none, is refused with `SCHEMA_TOO_OLD`. Default `auto`. */
  readonly migrate?: 'auto' | 'never' | undefined
}

/** To be called before anything is made. Returns a copy of what is the caller's. @throws StoreError `INVALID_ARGUMENT`. */
export function checkMigrateOptions({
  calendar,
  changeCalendar = false,
  migrate = 'auto',
}: MigrateOptions): MigrateOptions {
  if (!['auto', 'never'].includes(migrate)) {
    throw invalidArgument(`migrate must be auto or never, not ${describe(migrate)}`)
  }
  checkBoolean(changeCalendar, 'changeCalendar')
  if (calendar !== undefined) return { calendar: checkCalendar(calendar), changeCalendar, migrate }
  if (changeCalendar) throw invalidArgument('changeCalendar needs a calendar to change to')
  return { changeCalendar, migrate }
}

/** What of a calendar was given, if there is such a one. */
function checkCalendar(calendar: CalendarOptions): CalendarOptions {
  const { timeZone, dayStart } = checkCalendarFields(calendar)
  const made = createCalendar({ timeZone: timeZone ?? 'UTC', dayStart: dayStart ?? '00:00' })
  return {
    ...(timeZone === undefined ? {} : { timeZone: made.timeZone }),
    ...(dayStart === undefined ? {} : { dayStart: made.dayStart }),
  }
}

/**
 * Brings the database to this library's schema, if it is not there, and returns the calendar that it keeps. Atomic, and
 * safe when many open it at once: each migration is applied by one of them.
 * @throws StoreError `SCHEMA_TOO_NEW`, `SCHEMA_TOO_OLD`, `UNRECOGNIZED_SCHEMA`, `RUST_SCHEMA`; the database is untouched.
 */
export async function migrate(
  runner: SqlRunner,
  flavor: SqlFlavor,
  options: MigrateOptions,
): Promise<CalendarSettings> {
  const checked = checkMigrateOptions(options)
  const found = await inspectSchema(runner, flavor, checked)
  return isUpToDate(found, checked) ? found.calendar : runner.write(() => bringUpToDate(flavor, checked))
}

/** What schema is there, `undefined` when there is none; it changes nothing. @throws StoreError as `migrate`. */
export async function inspectSchema(
  runner: SqlRunner,
  flavor: SqlFlavor,
  options: MigrateOptions,
): Promise<FoundSchema | undefined> {
  const found = await runner.read(() => inspect(flavor, []))
  if (options.migrate === 'never' && found?.version !== SCHEMA_VERSION) throw tooOld(found?.version ?? 0)
  return found
}

/** Whether there is nothing to write before the database can be used. */
export function isUpToDate(
  found: FoundSchema | undefined,
  { changeCalendar = false }: MigrateOptions,
): found is FoundSchema {
  return found?.version === SCHEMA_VERSION && !changeCalendar
}

export interface FoundSchema {
  readonly version: number
  readonly calendar: CalendarSettings
}

/** What is there: `undefined` when nothing is. */
function* inspect(flavor: SqlFlavor, before: readonly Statement[]): Program<FoundSchema | undefined> {
  const first = new Batch()
  for (const statement of before) first.add(statement)
  const tables = first.add(flavor.tableNames)
  yield* first.send()
  const names = new Set(tables().map(({ name }) => name))
  if (names.size === 0) return undefined
  if (!names.has('meta')) throw unrecognizedSchema(names)

  const second = new Batch()
  const meta = second.add(readMeta(flavor))
  yield* second.send()
  const values = new Map(meta().map(({ key, value }) => [key, value]))
  const version = Number(values.get('schema_version'))
  if (!Number.isSafeInteger(version) || version < 1) throw unrecognizedSchema(names)
  if (version > SCHEMA_VERSION) {
    throw new StoreError(
      'SCHEMA_TOO_NEW',
      `the database has schema version ${version}, and this library knows up to ${SCHEMA_VERSION}; install a newer version of it`,
    )
  }
  return { version, calendar: keptCalendar(values.get('calendar')) }
}

function* bringUpToDate(flavor: SqlFlavor, options: MigrateOptions): Program<CalendarSettings> {
  const found = yield* inspect(flavor, flavor.beforeMigration)
  const calendar = calendarFor(found, options)
  const batch = new Batch()
  for (const statement of migrationsFrom(found?.version ?? 0, flavor)) batch.add(statement)
  batch.add(writeMeta(flavor, 'schema_version', String(SCHEMA_VERSION)))
  batch.add(writeMeta(flavor, 'calendar', JSON.stringify(calendar)))
  yield* batch.commit()
  return calendar
}

/** What the database is to keep: what it has, with what is to be changed; or, new, what was asked for. */
function calendarFor(found: FoundSchema | undefined, { calendar = {}, changeCalendar = false }: MigrateOptions) {
  if (found !== undefined && !changeCalendar) return found.calendar
  const kept = found?.calendar ?? { timeZone: systemTimeZone(), dayStart: '00:00' }
  const { timeZone = kept.timeZone, dayStart = kept.dayStart } = checkCalendarFields(calendar)
  const made = createCalendar({ timeZone, dayStart })
  return { timeZone: made.timeZone, dayStart: made.dayStart }
}

/** @throws StoreError `MALFORMED`. */
export function keptCalendar(json: string | undefined): CalendarSettings {
  try {
    const { timeZone, dayStart } = createCalendar(JSON.parse(json ?? '') as CalendarSettings)
    return { timeZone, dayStart }
  } catch (cause) {
    const message = `the calendar that the database keeps cannot be read (${String(json)}); restore a backup`
    throw new StoreError('MALFORMED', message, { cause })
  }
}

/** The version of the schema, and the calendar. */
export function readMeta({ db }: SqlFlavor) {
  return prepare(() => db.selectFrom('meta').select(['key', 'value']))({})
}

function writeMeta({ db }: SqlFlavor, key: string, value: string) {
  return prepare((slots: { key: string; value: string }) =>
    db
      .insertInto('meta')
      .values({ key: slots.key, value: slots.value })
      .onConflict((conflict) => conflict.column('key').doUpdateSet(({ ref }) => ({ value: ref('excluded.value') }))),
  )({ key, value })
}

function tooOld(version: number): StoreError {
  return new StoreError(
    'SCHEMA_TOO_OLD',
    `the database has schema version ${version}, this library needs ${SCHEMA_VERSION}; open it once with migrate: 'auto'`,
  )
}

/** The refusal of a database whose tables are not the store's. */
export function unrecognizedSchema(names: ReadonlySet<string>): StoreError {
  if (RUST_TABLES.every((name) => names.has(name)) && !names.has('operations')) {
    return new StoreError(
      'RUST_SCHEMA',
      'this is a database of the Rust crate, and stays as it is; import it into a new store: shepherd-store import rust PATH',
    )
  }
  const found = [...names].slice(0, 5).join(', ')
  return new StoreError(
    'UNRECOGNIZED_SCHEMA',
    `this database belongs to another program (it has the tables ${found}); choose another`,
  )
}
