import type { CalendarOptions, StoreDriver } from '@shepherd-store/core'
import type { Harness, RawAccess, RawAudit, RawSession, RawUsage, SpoiledRow } from '@shepherd-store/core/conformance'
import { openPostgresDriver } from '@shepherd-store/postgres'
import pg from 'pg'

let places = 0

/** Each place is a schema of the database at `url`, which whoever made it drops. */
export function postgresHarness(url: string): Harness {
  return {
    name: 'postgres',
    async createPlace() {
      const schema = `place_${process.pid}_${(places += 1)}`
      const location = JSON.stringify({ url, schema })
      return {
        openDriver: (options) => openDriver(location, options),
        address: { module: import.meta.url, location },
        raw: rawPostgres(url, schema),
        // The schema goes with its database.
        async destroy() {},
      }
    },
  }
}

/** How a worker process opens a place by its `address`. */
export function openDriver(
  location: string,
  { calendar }: { readonly calendar: CalendarOptions },
): Promise<StoreDriver> {
  const { url, schema } = JSON.parse(location) as { url: string; schema: string }
  return openPostgresDriver({ connectionString: url, max: 4 }, { schema, calendar })
}

function rawPostgres(url: string, schema: string): RawAccess {
  const utc = `'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'`
  return {
    audits: () =>
      withClient(url, async (client) => {
        const { rows } = await client.query<RawAudit>(
          `select id::int, to_char(timestamp at time zone 'UTC', ${utc}) as timestamp, scope, node, type,
             event::text as text, salt, digest, hash from ${schema}.audit_log order by id`,
        )
        return rows
      }),
    usage: () =>
      withClient(url, async (client) => {
        const { rows } = await client.query<RawUsage>(
          `select scope, to_char(day, 'YYYY-MM-DD') as day, entry_id as "entryId", node,
             duration_ms::float8 as "durationMs" from ${schema}.usage`,
        )
        return rows
      }),
    sessions: () =>
      withClient(url, async (client) => {
        const { rows } = await client.query<RawSession>(
          `select scope, session_id as "sessionId", node, entry_id as "entryId",
             to_char(ended_at at time zone 'UTC', ${utc}) as "endedAt", duration_ms::float8 as "durationMs"
             from ${schema}.sessions`,
        )
        return rows
      }),
    spoil: (row) =>
      withClient(url, async (client) => {
        const { rowCount } = await spoil(client, schema, row)
        if (rowCount !== 1) throw new Error(`there is no such row to spoil: ${JSON.stringify(row)}`)
      }),
  }
}

async function spoil(client: pg.Client, schema: string, row: SpoiledRow): Promise<pg.QueryResult> {
  switch (row.table) {
    case 'usage':
      await client.query(`alter table ${schema}.usage drop constraint if exists usage_duration`)
      return client.query(
        `update ${schema}.usage set duration_ms = -5 where scope = $1 and day = $2 and entry_id = $3 and node = $4`,
        [row.scope, row.day, row.entryId, row.node],
      )
    case 'cooldown':
      return client.query(`update ${schema}.cooldowns set until = 'infinity' where scope = $1 and entry_id = $2`, [
        row.scope,
        row.entryId,
      ])
    case 'session':
      return client.query(
        `update ${schema}.sessions set last_reported_at = 'infinity', detail = '{"label":7}'
           where scope = $1 and session_id = $2`,
        [row.scope, row.sessionId],
      )
    case 'grant':
      await client.query(`alter table ${schema}.grants drop constraint if exists grants_duration`)
      return client.query(
        `update ${schema}.grants set granted_ms = -5 where scope = $1 and day = $2 and entry_id = $3`,
        [row.scope, row.day, row.entryId],
      )
    case 'snapshot':
      return client.query(`update ${schema}.snapshot set state = '{"timestamp":7}' where scope = $1 and node = $2`, [
        row.scope,
        row.node,
      ])
    case 'audit': {
      const trigger = 'trigger audit_log_no_update'
      await client.query(`alter table ${schema}.audit_log disable ${trigger}`)
      const result = await client.query(
        `update ${schema}.audit_log set event = '{"type":"session_ended"}' where id = $1`,
        [row.id],
      )
      await client.query(`alter table ${schema}.audit_log enable always ${trigger}`)
      return result
    }
  }
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
