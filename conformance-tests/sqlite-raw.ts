import type { RawAccess, SpoiledRow } from '@shepherd-store/core/conformance'
import type { Database } from 'better-sqlite3'

/** The rows of an SQLite database, round the store. */
export function rawSqlite(database: Database): RawAccess {
  return {
    async audits() {
      return database
        .prepare<[], Awaited<ReturnType<RawAccess['audits']>>[number]>(
          'select id, timestamp, scope, node, type, event as text, salt, digest, hash from audit_log order by id',
        )
        .all()
    },
    async usage() {
      return database
        .prepare<[], Awaited<ReturnType<RawAccess['usage']>>[number]>(
          'select scope, day, entry_id as entryId, node, duration_ms as durationMs from usage',
        )
        .all()
    },
    async sessions() {
      return database
        .prepare<[], Awaited<ReturnType<RawAccess['sessions']>>[number]>(
          `select scope, session_id as sessionId, node, entry_id as entryId, ended_at as endedAt,
             duration_ms as durationMs from sessions`,
        )
        .all()
    },
    async spoil(row) {
      database.pragma('ignore_check_constraints = on')
      const { changes } = spoil(database, row)
      database.pragma('ignore_check_constraints = off')
      if (changes !== 1) throw new Error(`there is no such row to spoil: ${JSON.stringify(row)}`)
    },
  }
}

function spoil(database: Database, row: SpoiledRow): { changes: number } {
  switch (row.table) {
    case 'usage':
      return database
        .prepare('update usage set duration_ms = -5 where scope = ? and day = ? and entry_id = ? and node = ?')
        .run(row.scope, row.day, row.entryId, row.node)
    case 'cooldown':
      return database
        .prepare(`update cooldowns set until = 'tomorrow' where scope = ? and entry_id = ?`)
        .run(row.scope, row.entryId)
    case 'session':
      return database
        .prepare(
          `update sessions set last_reported_at = 'tomorrow', detail = '{"label":7}' where scope = ? and session_id = ?`,
        )
        .run(row.scope, row.sessionId)
    case 'grant':
      return database
        .prepare('update grants set granted_ms = -5 where scope = ? and day = ? and entry_id = ?')
        .run(row.scope, row.day, row.entryId)
    case 'snapshot':
      return database
        .prepare(`update snapshot set state = '{"timestamp":7}' where scope = ? and node = ?`)
        .run(row.scope, row.node)
    case 'audit': {
      const trigger = database
        .prepare<[], string>(`select sql from sqlite_schema where name = 'audit_log_no_update'`)
        .pluck()
        .get()
      database.exec('drop trigger audit_log_no_update')
      const result = database
        .prepare(`update audit_log set event = '{"type":"session_ended"}' where id = ?`)
        .run(row.id)
      database.exec(trigger ?? '')
      return result
    }
  }
}
