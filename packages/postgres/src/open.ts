import {
  adoptDriver,
  callTimeout,
  checkFields,
  describe,
  checkStoreOptions,
  type Capabilities,
  type NodeId,
  type OwnedStore,
  requireSupportedNode,
  StoreError,
  type StoreDriver,
  type StoreOptions,
} from '@shepherd-store/core'
import {
  Batch,
  checkMigrateOptions,
  type MigrateOptions,
  openSqlDriver,
  type Program,
  type SqlRunner,
} from '@shepherd-store/core/sql'
import pg, { type Pool, type PoolConfig } from 'pg'
import { borrowedConnections, type Connections, ownConnections } from './connections.ts'
import { postgresFlavor } from './flavor.ts'
import { checkIdentifier } from './identifier.ts'
import { attemptMsWithin, postgresRunner } from './runner.ts'

export interface PostgresDriverOptions extends MigrateOptions {
  /** The schema that the store's tables are in: a lower-case identifier of at most 63 letters. Default `shepherd`. */
  readonly schema?: string | undefined
  /** How long a call may take with all its tries, in milliseconds. Default 30,000. */
  readonly callTimeoutMs?: number | undefined
}

export interface PostgresStoreOptions extends StoreOptions, PostgresDriverOptions {
  /** The machine. There is no default: two machines under one name would overwrite each other's snapshot. */
  readonly node: NodeId
}

const CAPABILITIES: Capabilities = { durability: 'power_loss', sharing: 'network' }
const SCHEMA_DEFAULT = 'shepherd'
/** 13.0, as `server_version_num` has it. */
const SERVER_VERSION_MIN = 130_000

/**
 * Opens the store in a PostgreSQL database (13 or newer), and makes its schema and tables where they are missing.
 *
 * `where` is a URL, options of a pool, or a pool. A pool of the caller's stays open when the store is closed. TLS and
 * passwords are as pg takes them; neither is shown in an error. A lost connection is replaced by the next call; calls
 * that lost theirs are tried again, writes included: a group of writes is applied once, however often it arrives.
 * @throws StoreError `INVALID_ARGUMENT`, `UNAVAILABLE`, `TIMEOUT`, `NOT_FOUND` for a missing database, `BUSY` when
 * another opener migrates for too long, `UNRECOGNIZED_SCHEMA`, `SCHEMA_TOO_NEW`, `SCHEMA_TOO_OLD`, `CALENDAR_MISMATCH`,
 * `UNSUPPORTED`, `PERMISSION_DENIED`, `READ_ONLY`.
 */
export async function openPostgresStore(
  where: string | PoolConfig | Pool,
  options: PostgresStoreOptions,
): Promise<OwnedStore> {
  if (options?.node === undefined) {
    throw new StoreError('INVALID_ARGUMENT', 'node must name this machine: a store on PostgreSQL is shared by several')
  }
  checkStoreOptions(options, ['schema', 'migrate', 'changeCalendar'])
  return adoptDriver(await openDriver(where, options), options)
}

/** The driver under `openPostgresStore`, for those who put something between the two. */
export async function openPostgresDriver(
  where: string | PoolConfig | Pool,
  options: PostgresDriverOptions = {},
): Promise<StoreDriver> {
  checkFields(options, ['schema', 'callTimeoutMs', 'migrate', 'changeCalendar', 'calendar'], 'options')
  return openDriver(where, options)
}

async function openDriver(where: string | PoolConfig | Pool, options: PostgresDriverOptions): Promise<StoreDriver> {
  requireSupportedNode()
  checkMigrateOptions(options)
  const schema = checkIdentifier('schema', options.schema ?? SCHEMA_DEFAULT)
  const callTimeoutMs = callTimeout(options)
  checkWhere(where)
  const connections: Connections = isPool(where)
    ? borrowedConnections(where)
    : ownConnections(where, attemptMsWithin(callTimeoutMs))
  const runner = postgresRunner(connections, { callTimeoutMs })
  await requireSupportedServer(runner)
  return openSqlDriver(runner, postgresFlavor(schema), { ...options, backend: 'postgres', capabilities: CAPABILITIES })
}

async function requireSupportedServer(runner: SqlRunner): Promise<void> {
  try {
    const { version, encoding } = await runner.read(serverFacts)
    if (Number(version) < SERVER_VERSION_MIN) {
      const [found, least] = [Number(version), SERVER_VERSION_MIN].map((number) => Math.floor(number / 10_000))
      throw new StoreError('UNSUPPORTED', `this is PostgreSQL ${found}, and ${least} or newer is needed`)
    }
    if (encoding !== 'UTF8') {
      throw new StoreError('UNSUPPORTED', `the database is encoded in ${encoding}; make one with encoding UTF8`)
    }
  } catch (error) {
    await runner.close()
    throw error
  }
}

function* serverFacts(): Program<ServerFacts> {
  const batch = new Batch()
  const facts = batch.add<ServerFacts>({
    sql: `select current_setting('server_version_num') as version, getdatabaseencoding() as encoding`,
    parameters: [],
    once: true,
  })
  yield* batch.commit()
  return facts()[0] ?? { version: '0', encoding: 'unknown' }
}

interface ServerFacts {
  readonly version: string
  readonly encoding: string
}

function checkWhere(where: string | PoolConfig | Pool): void {
  if (typeof where === 'string') return
  if (typeof where !== 'object' || where === null || Array.isArray(where)) {
    throw new StoreError('INVALID_ARGUMENT', `where must be a URL, options of a pool or a pool, not ${describe(where)}`)
  }
  if (where instanceof pg.Client) {
    throw new StoreError(
      'INVALID_ARGUMENT',
      'where must not be a client, which can be lost: give a Pool, or its options',
    )
  }
  const poolOptions: object | undefined = isPool(where) ? where.options : undefined
  if (poolOptions !== undefined && 'binary' in poolOptions && poolOptions.binary === true) {
    throw new StoreError('INVALID_ARGUMENT', 'the pool must not set binary: values are read as text')
  }
}

function isPool(where: string | PoolConfig | Pool): where is Pool {
  return typeof where === 'object' && 'connect' in where && typeof where.connect === 'function'
}
