import assert from 'node:assert/strict'
import { manualClock, type OwnedStore } from '@shepherd-store/core'
import { openPostgresStore, postgresRoles } from '@shepherd-store/postgres'
import pg from 'pg'
import { afterAll } from 'vitest'
import { createDatabase } from './postgres/database.ts'

type RoleName = 'owner' | 'application' | 'reader'

/** A database with a log of four records in the schema `shepherd`, and the roles that share it. */
export interface LogPlace {
  /** As the superuser. */
  readonly url: string
  readonly admin: pg.Client
  readonly roles: Readonly<Record<RoleName, string>>
  urlOf(role: RoleName): string
  /** A store that the role opened. It is closed with the test file. */
  readonly owner: OwnedStore
  readonly application: OwnedStore
  readonly reader: OwnedStore
  readonly serverVersion: number
}

export async function createLogPlace(adminUrl: string): Promise<LogPlace> {
  const { url, drop } = await createDatabase(adminUrl)
  // Roles are the server's, not the database's.
  const suffix = `${process.pid}_${new URL(url).pathname.slice(-8)}`
  const roles = { owner: `owner_${suffix}`, application: `application_${suffix}`, reader: `reader_${suffix}` }
  const urlOf = (role: RoleName): string =>
    Object.assign(new URL(url), { username: roles[role], password: 'secret' }).href
  const admin = new pg.Client({ connectionString: url })
  await admin.connect()
  const setUp = postgresRoles(roles)
  const opened: OwnedStore[] = []
  const open = async (role: RoleName) => {
    const store = await openPostgresStore(urlOf(role), {
      ...{ node: `${role}-1`, migrate: role === 'owner' ? 'auto' : 'never' },
      clock: manualClock('2026-11-23T10:00:00.000Z'),
    })
    opened.push(store)
    return store
  }
  afterAll(async () => {
    await Promise.all(opened.map((store) => store.close()))
    await admin.end()
    await drop()
    await run(adminUrl, `drop role ${Object.values(roles).join(', ')}`)
  })

  await admin.query(setUp)
  for (const role of Object.values(roles)) await admin.query(`alter role ${role} password 'secret'`)
  const owner = await open('owner')
  // For the tables that the owner has made.
  await admin.query(setUp)
  const [application, reader] = [await open('application'), await open('reader')]
  for (const child of ['mia', 'ben']) {
    await application.view({ scope: child }).appendAudit({ type: 'policy_loaded', entryCount: 3 })
    await owner.view({ scope: child }).appendAudit({ type: 'service_started' })
  }
  const { rows } = await admin.query<{ version: string }>(`select current_setting('server_version_num') as version`)
  return { url, admin, roles, urlOf, owner, application, reader, serverVersion: Number(rows[0]?.version) }
}

/** The rows of the last statement, on a connection of its own. */
export async function run(url: string, sql: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
  return withClient(url, async (client) => {
    const results: unknown = await client.query(sql)
    const last = (Array.isArray(results) ? results.at(-1) : results) as pg.QueryResult<Record<string, unknown>>
    return last.rows
  })
}

/** COPY, with these rows of text. */
export async function copy(url: string, sql: string, rows: string): Promise<void> {
  await withClient(url, (client) => new Promise<void>((done, fail) => client.query(new CopyIn(sql, rows, done, fail))))
}

async function withClient<T>(url: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return await use(client)
  } finally {
    await client.end()
  }
}

/** What pg calls on a query, and its connection; its types leave both out. */
class CopyIn {
  readonly #sql: string
  readonly #rows: string
  readonly #done: () => void
  readonly #fail: (error: Error) => void
  #error: Error | undefined

  constructor(sql: string, rows: string, done: () => void, fail: (error: Error) => void) {
    this.#sql = sql
    this.#rows = rows
    this.#done = done
    this.#fail = fail
  }

  submit(connection: { query(sql: string): void }): void {
    connection.query(this.#sql)
  }

  handleCopyInResponse(connection: { sendCopyFromChunk(chunk: Buffer): void; endCopyFrom(): void }): void {
    connection.sendCopyFromChunk(Buffer.from(this.#rows))
    connection.endCopyFrom()
  }

  handleCommandComplete(): void {}

  handleError(error: Error): void {
    this.#error = error
    this.#fail(error)
  }

  handleReadyForQuery(): void {
    if (this.#error === undefined) this.#done()
  }
}

/** All that tells of the past, table by table, and whether the chain holds. */
async function historyOf({ admin, owner }: LogPlace): Promise<History> {
  const tables = ['audit_log', 'audit_head', 'audit_cuts', 'forgotten_scopes', 'audit_spans']
  const texts: Record<string, readonly string[]> = {}
  for (const table of tables) {
    const { rows } = await admin.query<{ row: string }>(
      `select to_json(t)::text as row from shepherd.${table} t order by 1`,
    )
    texts[table] = rows.map(({ row }) => row)
  }
  const { audit_log: records = [], ...others } = texts
  const log = records.toSorted((a, b) => idOf(a) - idOf(b))
  const { intact, checked } = await owner.verifyAudits()
  return { log, others, intact, checked }
}

interface History {
  readonly log: readonly string[]
  readonly others: Readonly<Record<string, readonly string[]>>
  readonly intact: boolean
  readonly checked: number
}

function idOf(row: string): number {
  return (JSON.parse(row) as { readonly id: number }).id
}

/** Fails unless the attempt is refused for that reason, and leaves everything as it is. */
export async function assertRefused(place: LogPlace, attempt: () => Promise<unknown>, reason: RegExp): Promise<void> {
  const before = await historyOf(place)
  assert.equal(before.intact, true)
  await assert.rejects(attempt(), (error: Error & { readonly code?: string }) => {
    assert.match(`${error.code} ${error.message}`, reason)
    return true
  })
  assert.deepEqual(await historyOf(place), before)
}

/** Fails unless the attempt does nothing but to append so many records, in their places, whatever ids it asks for. */
export async function assertAppends(place: LogPlace, attempt: () => Promise<unknown>, count: number): Promise<void> {
  const before = await historyOf(place)
  await attempt()
  const { log, others, intact, checked } = await historyOf(place)
  assert.deepEqual(log.slice(0, before.log.length), before.log)
  assert.deepEqual(
    log.map(idOf),
    Array.from({ length: before.log.length + count }, (_, index) => index + 1),
  )
  assert.deepEqual({ ...others, audit_head: [] }, { ...before.others, audit_head: [] })
  assert.deepEqual([intact, checked], [true, log.length])
}
