import { afterAll, describe, expect, inject, test } from 'vitest'
import { temporaryDirectories } from './directories.ts'
import { createDatabase } from './postgres/database.ts'
import { sqlPlaces } from './sql-raw.ts'

const { url, drop } = await createDatabase(inject('postgresUrl'))
afterAll(drop)

describe.each(sqlPlaces(url, temporaryDirectories()))(
  'what an imported record had in its source, on $name',
  (place) => {
    test('does not keep the log from being read when its id is out of range', async () => {
      const { store, exec } = await place.createPlace()
      await store.appendAudit({ type: 'service_started' })
      await exec(
        `insert into audit_log (id, timestamp, scope, node, type, event, original_id, digest, hash)
       select 2, timestamp, scope, node, type, event, 9007199254740992, digest, hash from audit_log`,
      )
      await store.appendAudit({ type: 'service_stopped' })
      const records = await store.getRecentAudits(10)
      expect(records.map(({ id, event }) => [id, event.type])).toEqual([
        [3, 'service_stopped'],
        [2, 'unreadable'],
        [1, 'service_started'],
      ])
      expect(await store.verifyAudits()).toMatchObject({
        intact: false,
        firstBreak: { id: 2, problem: 'content_changed' },
      })
    })

    test.each(['original_timestamp', 'original_event'])('cannot be given to another record: %s', async (column) => {
      const { store, exec } = await place.createPlace()
      await store.appendAudit({ type: 'service_started' })
      await exec(
        place.name === 'sqlite'
          ? 'drop trigger audit_log_no_update'
          : 'alter table audit_log disable trigger audit_log_no_update',
      )
      await exec(`update audit_log set ${column} = 'planted'`)
      expect(await store.verifyAudits()).toMatchObject({
        intact: false,
        firstBreak: { id: 1, problem: 'content_changed' },
      })
    })
  },
)
