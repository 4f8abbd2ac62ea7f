import { randomUUID } from 'node:crypto'
import type { CalendarSettings } from '../calendar.ts'
import type { Capabilities, StoreDriver, WriteOutcome, WriteUnit } from '../driver.ts'
import { isStoreError, StoreError } from '../errors.ts'
import type { DriverStatus } from '../health.ts'
import { parseInstant } from '../values.ts'
import { metaCheck, rowPages, tableChecks } from './check-rows.ts'
import { sqlCheck } from './check.ts'
import type { LockMode, SqlFlavor, SqlRunner } from './flavor.ts'
import { migrate, type MigrateOptions } from './migrate.ts'
import { SCHEMA_VERSION } from './migrations.ts'
import { prepare } from './prepare.ts'
import { Batch, type Program } from './program.ts'
import { createQueries } from './queries.ts'
import { read } from './read.ts'
import type { GroupOutcome } from './replayed-group.ts'
import { createStatements } from './statements.ts'
import { TABLE_COLUMNS, type Tables } from './tables.ts'
import type { TriedGroup } from './tried-group.ts'
import { writeGroup } from './write-group.ts'

export interface SqlDriverFacts {
  /** What `DriverStatus.backend` says. */
  readonly backend: string
  readonly capabilities: Capabilities
  /** As `StoreDriver.writesBlock`. */
  readonly writesBlock?: boolean | undefined
}

/**
 * The driver of a SQL database: it brings the database up to date, then reads and writes through `runner`, which is
 * the driver's from now on, and closed also when this rejects.
 * @throws StoreError as `migrate`.
 */
export async function openSqlDriver(
  runner: SqlRunner,
  flavor: SqlFlavor,
  options: SqlDriverFacts & MigrateOptions,
): Promise<StoreDriver> {
  try {
    const driver = sqlDriver(runner, flavor, { ...options, calendar: await migrate(runner, flavor, options) })
    return { ...driver, check: databaseCheck(runner, flavor) }
  } catch (error) {
    await runner.close()
    throw error
  }
}

/** `check` of a SQL database, whatever state that is in. */
export function databaseCheck(runner: SqlRunner, flavor: SqlFlavor): NonNullable<StoreDriver['check']> {
  return sqlCheck(runner, [...flavor.checks, metaCheck(flavor), ...compiledFor(flavor).tableChecks])
}

/** The driver of a SQL database that has the schema already, whose calendar is kept elsewhere. */
export function sqlDriver(
  runner: SqlRunner,
  flavor: SqlFlavor,
  { backend, capabilities, calendar, writesBlock }: SqlDriverFacts & { readonly calendar: CalendarSettings },
): StoreDriver {
  return { contract: 1, calendar, capabilities, writesBlock, ...driverMethods(runner, flavor, backend) }
}

type Compiled = ReturnType<typeof compile>
const compiled = new WeakMap<SqlFlavor, Compiled>()

/** Every statement of the flavor; building and compiling them takes longer than opening a database in memory. */
function compiledFor(flavor: SqlFlavor): Compiled {
  const known = compiled.get(flavor) ?? compile(flavor)
  compiled.set(flavor, known)
  return known
}

function compile(flavor: SqlFlavor) {
  return {
    statements: createStatements(flavor),
    queries: createQueries(flavor),
    tableChecks: tableChecks(rowPages(flavor)),
    // All columns: one of them alone may be read from an index, with the table itself in ruins.
    lookAtTables: tableNames().map((table) =>
      prepare(() => flavor.db.selectFrom(table).select(columnsOf(table)).limit(1))({}),
    ),
  }
}

function tableNames(): readonly (keyof Tables)[] {
  return Object.keys(TABLE_COLUMNS) as (keyof Tables)[]
}

function columnsOf<T extends keyof Tables>(table: T): readonly (keyof Tables[T] & string)[] {
  return Object.keys(TABLE_COLUMNS[table]) as (keyof Tables[T] & string)[]
}

function driverMethods(runner: SqlRunner, flavor: SqlFlavor, backend: string) {
  const statementsAndQueries = compiledFor(flavor)
  const { queries, lookAtTables, tableChecks } = statementsAndQueries
  const writer = randomUUID()
  let groups = 0

  /** One transaction. Sent again by the runner, the group keeps its number. */
  async function sendGroup(units: readonly WriteUnit[]): Promise<GroupOutcome> {
    const group = ++groups
    const tried: TriedGroup = {}
    const attempt = (additions: LockMode) =>
      runner.write((tries) =>
        writeGroup(flavor, statementsAndQueries, units, { writer, group, again: tries > 0, tried }, additions),
      )
    const shared = await attempt('shared')
    if (shared !== 'needs_exclusive_locks') return shared
    const exclusive = await attempt('exclusive')
    if (exclusive !== 'needs_exclusive_locks') return exclusive
    throw new StoreError(
      'DATABASE',
      'a group that holds every lock asked for them again: a defect of this library, report it',
    )
  }

  /** A group that one unit poisons is halved until that unit stands alone. */
  async function write(units: readonly WriteUnit[]): Promise<readonly WriteOutcome[]> {
    try {
      return await settle(units, await sendGroup(units))
    } catch (error) {
      if (!isStoreError(error) || !flavor.blamesUnit(error)) throw error
      if (units.length === 1) return [{ type: 'failed', error }]
      const middle = units.length >> 1
      const first = await write(units.slice(0, middle))
      return [...first, ...(await writeOrFail(units.slice(middle)))]
    }
  }

  async function settle(units: readonly WriteUnit[], outcomes: GroupOutcome): Promise<readonly WriteOutcome[]> {
    const open = units.filter((_, index) => outcomes[index] === undefined)
    const settled = open.length === 0 ? [] : await writeOrFail(open)
    let next = 0
    return outcomes.map((outcome) => outcome ?? settled[next++] ?? lostOutcome())
  }

  /** Once a part of the group was applied, the rest of it fails unit by unit: `write` may no longer reject. */
  async function writeOrFail(units: readonly WriteUnit[]): Promise<readonly WriteOutcome[]> {
    try {
      return await write(units)
    } catch (error) {
      if (!isStoreError(error)) throw error
      return units.map(() => ({ type: 'failed', error }))
    }
  }

  function* probe(): Program<DriverStatus> {
    const batch = new Batch()
    const status = batch.add(flavor.status)
    for (const statement of lookAtTables) batch.add(statement)
    yield* batch.send()
    const found = status()[0]
    if (found?.refusal)
      throw new StoreError(found.refusal, flavor.refusals[found.refusal] ?? 'the database takes no writes')
    return {
      backend,
      version: String(found?.version),
      schemaVersion: SCHEMA_VERSION,
      sizeBytes: Number(found?.size_bytes),
      ...(typeof found?.time === 'string' ? { time: parseInstant(found.time) } : {}),
    }
  }

  return {
    write,
    read: (request: Parameters<StoreDriver['read']>[0]) => runner.read(() => read(queries, request)),
    probe: () => runner.write(probe),
    check: sqlCheck(runner, [...flavor.checks, ...tableChecks]),
    close: () => runner.close(),
  }
}

function lostOutcome(): WriteOutcome {
  return {
    type: 'failed',
    error: new StoreError('DATABASE', 'the outcome of the write was lost: a defect of this library, report it', {
      outcome: 'unknown',
    }),
  }
}
