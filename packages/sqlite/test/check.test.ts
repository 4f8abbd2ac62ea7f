import assert from 'node:assert/strict'
import { openSqliteStore } from '@shepherd-store/sqlite'
import Database from 'better-sqlite3'
import { test } from 'vitest'
import { freshPath } from './fresh-path.ts'

/** What somebody with the file does to its schema, and what a check names. */
const DAMAGES: readonly (readonly [sql: string, part: string])[] = [
  ['drop trigger audit_log_no_update', 'trigger audit_log_no_update'],
  [
    `drop trigger audit_log_no_delete;
     create trigger audit_log_no_delete before delete on audit_log when false
     begin select raise(abort, 'the audit log is append-only: a record cannot be removed'); end`,
    'trigger audit_log_no_delete',
  ],
  ['create trigger more after insert on usage begin update usage set duration_ms = 0; end', 'trigger more'],
  ['drop index audit_log_entry', 'index audit_log_entry'],
  ['drop index sessions_open; create index sessions_open on sessions (scope, node)', 'index sessions_open'],
  ['create unique index one_day on usage (day)', 'index one_day'],
  ['alter table grants add column more text', 'table grants'],
  ['drop table nodes', 'table nodes'],
  ['pragma user_version = 7', 'user_version'],
  ["create index odd on usage (json_extract(entry_id, '$'))", 'index odd'],
  ['create table other (scope text, entry_id text, foreign key (scope, entry_id) references cooldowns)', 'table other'],
  ['pragma application_id = 5', 'application_id'],
  // Of these nobody has to know.
  [
    'create table notes (text); create index more_notes on notes (text); create view every_day as select day from usage',
    '',
  ],
  ['create index more_of_usage on usage (node); analyze', ''],
]

test('names every object of the schema that is another one, or gone, or somebody else’s', async () => {
  const path = freshPath()
  const store = await openSqliteStore(path)
  await store.appendAudit({ type: 'service_started' })
  assert.deepEqual((await store.check()).problems, [])
  const database = new Database(path)
  for (const [sql] of DAMAGES) database.exec(sql)
  database.close()
  const { problems } = await store.check()
  await store.close()
  const due = DAMAGES.flatMap(([, part]) => (part === '' ? [] : [`schema ${part}`]))
  const found = problems.filter(({ code }) => code === 'UNRECOGNIZED_SCHEMA')
  assert.deepEqual(found.map(({ part }) => part).toSorted(), due.toSorted())
  // A table that is gone cannot be read either, and hides no other.
  const others = problems.filter((problem) => !found.includes(problem))
  assert.deepEqual(
    others.map(({ code, part }) => [code, part]),
    [['DATABASE', 'nodes']],
  )
})
