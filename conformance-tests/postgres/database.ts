import { randomUUID } from 'node:crypto'
import { Client } from 'pg'

const CONNECT_TIMEOUT_MS = 10_000
/** CREATE DATABASE takes 0.1 s; on a busy machine, with the checkpoint it may wait for, some seconds. */
const QUERY_TIMEOUT_MS = 60_000

export interface TestDatabase {
  readonly url: string
  /** Drops it, also while clients use it: they lose their connections. May be repeated. */
  drop(): Promise<void>
}

/**
 * Creates an empty database, for one test place alone, on the server at `adminUrl`. UTF-8, and where the server has
 * ICU (as all of ours do) text sorts by language: a query that forgets COLLATE "C" fails here, not in a school.
 * An interrupted run leaves it behind on a server that outlives the run; its name begins with `shepherd_test_`.
 */
export async function createDatabase(adminUrl: string): Promise<TestDatabase> {
  const name = `shepherd_test_${randomUUID().replaceAll('-', '')}`
  await withClient(adminUrl, async (client) => {
    const { rowCount } = await client.query(
      `select from pg_collation
       where collprovider = 'i' and current_setting('server_version_num')::int >= 150000 limit 1`,
    )
    const order = rowCount ? `locale_provider icu icu_locale 'en-US'` : ''
    // Only template0 allows an encoding and a locale of our own, and copies of it do not wait for each other.
    await client.query(
      `create database ${name} template template0 encoding 'UTF8' lc_collate 'C' lc_ctype 'C' ${order}`,
    )
  })
  const url = new URL(adminUrl)
  url.pathname = `/${name}`
  return {
    url: url.href,
    drop: async () => {
      await withClient(adminUrl, (client) => client.query(`drop database if exists ${name} with (force)`))
    },
  }
}

/** The same, and a connection to it, which is closed before it is dropped. */
export async function createAdministeredDatabase(adminUrl: string): Promise<TestDatabase & { readonly admin: Client }> {
  const { url, drop } = await createDatabase(adminUrl)
  const admin = new Client({ connectionString: url })
  await admin.connect()
  return {
    url,
    admin,
    async drop() {
      await admin.end()
      await drop()
    },
  }
}

/** Runs `work` on a connection of its own, which is closed afterwards. */
export async function withClient<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({
    connectionString: url,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: QUERY_TIMEOUT_MS,
  })
  // A lost connection also rejects the query under way; without a listener it would end the process.
  client.on('error', () => undefined)
  try {
    await client.connect()
    return await work(client)
  } finally {
    await client.end()
  }
}
