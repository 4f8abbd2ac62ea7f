import assert from 'node:assert/strict'
import { join } from 'node:path'
import { type Change, LIMITS, linkHash, manualClock, type OwnedStore } from '@shepherd-store/core'
import { createMemoryData, createMemoryStore, databaseOf } from '@shepherd-store/memory'
import { openSqliteStore } from '@shepherd-store/sqlite'
import Database from 'better-sqlite3'
import { afterAll, describe, test } from 'vitest'
import { temporaryDirectories } from './directories.ts'

const STARTED: Change = { type: 'append_audit', event: { type: 'service_started' } }
const TABLES = ['audit_log', 'audit_head', 'audit_cuts', 'forgotten_scopes', 'audit_spans']
const { fresh } = temporaryDirectories()
/** Of four records 1 and 2 are of mia, 3 and 4 of ben. Whatever is done to it is taken back. */
const path = join(fresh(), 'store.db')
const store = await openWithRecords(path)
afterAll(() => store.close())

async function openWithRecords(where: string): Promise<OwnedStore> {
  const opened = await openSqliteStore(where, { clock: manualClock('2026-11-23T10:00:00.000Z') })
  for (const scope of ['mia', 'mia', 'ben', 'ben']) {
    await opened.view({ scope }).appendAudit({ type: 'service_started' })
  }
  return opened
}

const COLUMNS = `timestamp, scope, node, type, entry_id, session_id, event, original_id, original_timestamp, original_event,
  digest, hash, salt, content_digest`
const again = (id: string, insert = 'insert'): string =>
  `${insert} into audit_log (id, ${COLUMNS}) select ${id}, ${COLUMNS} from audit_log where id = 1`
/** What forgetting makes of a record, but for what is given. */
const erased = (where: string): string =>
  `update audit_log set type = 'erased', event = '{"type":"erased"}', content_digest = '00', salt = null, entry_id = null,
     session_id = null, original_id = null, original_timestamp = null, original_event = null ${where}`
/** The record that tells of it, at the end of the log. */
const told = (type: string, scope: string, id: number): string =>
  `insert into audit_log (id, timestamp, scope, node, type, event, digest, hash)
     select (select last_id + 1 from audit_head), timestamp, ${scope}, node, '${type}',
       json_object('type', '${type}', 'through_id', ${id}, 'hash', (select hash from audit_log where id = ${id})), digest, hash
     from audit_log where id = 4`
const forget = (scope: string, throughId: number, insert = 'insert'): string =>
  `${told('scope_forgotten', `'${scope}'`, throughId)};
   ${insert} into forgotten_scopes values ('${scope}', ${throughId})`
const cut = (id: number, insert = 'insert'): string =>
  `${told('records_archived', 'scope', id)};
   ${insert} into audit_cuts select id, hash from audit_log where id = ${id}`
const ON_CONFLICT = ['or abort', 'or replace', 'or ignore', 'or fail', 'or rollback']

/** What comes before the last statement is legitimate. */
const CHANGES: readonly (readonly [what: string, sql: string])[] = [
  ['a changed record', `update audit_log set node = 'x' where id = 1`],
  ['a record that is changed to what it is', 'update audit_log set node = node'],
  ...ON_CONFLICT.map((or) => [`a record changed with ${or}`, `update ${or} audit_log set node = 'x'`] as const),
  ['another id', 'update audit_log set id = 9 where id = 4'],
  ['another rowid', 'update audit_log set rowid = 9 where id = 4'],
  ['the id of another', 'update or replace audit_log set id = 1 where id = 2'],
  ['the rowid of another', 'update or replace audit_log set _rowid_ = 1 where id = 2'],
  ['no id any more', 'update or replace audit_log set id = null where id = 2'],
  ['a removed record', 'delete from audit_log where id = 4'],
  ['a removed log', 'delete from audit_log'],
  ['a replaced record', again('1', 'replace')],
  ['a replaced last record', again('4', 'insert or replace')],
  ['a replaced record without its row', again('1', 'replace').replace('(id,', '(rowid,')],
  ['an upserted record', `${again('1')} on conflict (id) do update set node = 'x'`],
  ['an upserted record that stays', `${again('1')} on conflict do nothing`],
  ['a rewound id', again('2')],
  ...ON_CONFLICT.map((or) => [`an id taken with ${or}`, again('4', `insert ${or}`)] as const),
  ['a forged id', again('1000000')],
  ['an id before the first', again('0')],
  ['a negative id', again('-1')],
  ['no id', again('null')],
  ['an implicit id', again('1').replace('(id,', '(').replace('select 1,', 'select')],
  ['an id that is a text', again(`'5x'`)],

  ['a rewound end', 'update audit_head set last_id = 1'],
  ['an end further on', 'update audit_head set last_id = last_id + 1'],
  ['an end with another hash', `update audit_head set last_hash = '00'`],
  ['an end that stays', 'update audit_head set last_id = last_id'],
  ['an end in another row', 'update audit_head set one = 2'],
  ['an end in another row, by its rowid', 'update or replace audit_head set rowid = 2'],
  ['no end', 'delete from audit_head'],
  ['another end', `insert into audit_head values (2, 0, '')`],
  ['a replaced end', `replace into audit_head values (1, 0, '')`],
  ['a replaced end of one further', `replace into audit_head values (1, 5, '00')`],
  ['an implicit end', `insert into audit_head (last_id, last_hash) values (0, '')`],
  ['an upserted end', `insert into audit_head values (1, 0, '') on conflict (one) do update set last_id = 0`],

  ['a cut where no record is', `insert into audit_cuts values (9, '00')`],
  ['a cut with another hash', `insert into audit_cuts values (2, '00')`],
  ['a cut before the first record', `insert into audit_cuts values (0, '00')`],
  ['a cut before all', `insert into audit_cuts values (-1, '00')`],
  ['a cut at nothing', `insert into audit_cuts values (null, '00')`],
  ['a cut that no record tells of', 'insert into audit_cuts select id, hash from audit_log where id = 2'],
  ['a cut that goes back', `${cut(3)}; ${cut(2)}`],
  ['a cut that is replaced', `${cut(2)}; ${cut(2, 'replace')}`],
  ['a cut that is moved', `${cut(2)}; update audit_cuts set through_id = 3`],
  ['a cut with its hash changed', `${cut(2)}; update or replace audit_cuts set through_hash = '00'`],
  ['a cut that is upserted', `${cut(2)}; ${cut(2)} and true on conflict (through_id) do update set through_hash = ''`],
  ['a cut that is taken back', `${cut(2)}; delete from audit_cuts`],
  ['a record behind the cut removed', `${cut(2)}; delete from audit_log where id <= 3`],
  ['a record before the cut replaced', `${cut(2)}; ${again('1', 'replace')}`],
  ['a record before the cut put back', `${cut(2)}; delete from audit_log where id = 2; ${again('2')}`],

  ['a scope that is forgotten further than the log', forget('mia', 5)],
  ['a scope that no record tells of', `insert into forgotten_scopes values ('mia', 2)`],
  ['a scope that is forgotten less', `${forget('mia', 2)}; update forgotten_scopes set through_id = 1`],
  ['a scope that is forgotten less, by replacing', `${forget('mia', 2)}; ${forget('mia', 1, 'replace')}`],
  [
    'a scope that is forgotten less, by an upsert',
    `${forget('mia', 2)}; ${forget('mia', 1)} on conflict (scope) do update set through_id = excluded.through_id`,
  ],
  ['a scope that is forgotten for another', `${forget('mia', 2)}; update forgotten_scopes set scope = 'ben'`],
  ['a scope that is not forgotten after all', `${forget('mia', 2)}; delete from forgotten_scopes`],
  ['an erasure of what is not forgotten', erased('where id = 1')],
  ['an erasure in another scope', `${forget('mia', 2)}; ${erased('where id = 3')}`],
  ['an erasure behind what is forgotten', `${forget('mia', 1)}; ${erased('where id = 2')}`],
  ['an erasure that is made twice', `${forget('mia', 2)}; ${erased('where id = 1')}; ${erased('where id = 1')}`],
  ...[
    ...[`node = 'x'`, `scope = 'ben'`, `timestamp = '2026'`, `digest = '00'`, `hash = '00'`, 'id = 9', 'rowid = 9'],
    ...[`type = 'x'`, `event = '{}'`, 'content_digest = null', `salt = 'x'`, `entry_id = 'x'`, `session_id = 'x'`],
    ...['original_id = 1', `original_timestamp = 'x'`, `original_event = 'x'`, 'node = null', 'hash = null'],
    // The last of two values for a column counts.
  ].map(
    (change) => [`an erasure with ${change}`, `${forget('mia', 2)}; ${erased(`, ${change} where id = 1`)}`] as const,
  ),

  [
    'a span that is not full',
    `insert into audit_spans select '2026-11-23', 1024, min(timestamp), max(timestamp) from audit_log`,
  ],
  [
    'a span of its own',
    'insert into audit_spans select substr(timestamp, 1, 10), id, timestamp, timestamp from audit_log where id = 1',
  ],
  ['a span far away', `insert into audit_spans values ('2026-11-23', 1024000, '2026', '2027')`],
  ['a replacing span', `replace into audit_spans values ('2026-11-23', 2048, '2026', '2027')`],
]

describe.each([
  ['', ''],
  [', with triggers that call each other', 'pragma recursive_triggers = on'],
  [', with checks that are ignored', 'pragma ignore_check_constraints = on'],
  [
    ', with tables beside it that have the names of what its triggers ask',
    `create temp table audit_cuts as select 99 as through_id, '' as through_hash;
     create temp table forgotten_scopes as select 'mia' as scope, 99 as through_id`,
  ],
])('keeps the log append-only%s', (_, settings) => {
  // In the last setting the names of two tables mean others.
  const main = (sql: string): string =>
    sql.replaceAll(/\b(into|update|from|or \w+) (audit_\w+|forgotten_scopes)/g, '$1 main.$2')

  test.each(CHANGES)('against %s', async (_what, sql) => {
    const database = new Database(path)
    const history = () => TABLES.map((table) => database.prepare(`select * from main.${table}`).all())
    const before = history()
    database.exec(settings)
    const statements = main(sql).split(';')
    database.exec('begin')
    for (const legitimate of statements.slice(0, -1)) database.exec(legitimate)
    const then = history()
    assert.throws(() => database.exec(statements.at(-1) ?? ''), /append-only|NOT NULL|datatype mismatch/)
    // Whoever goes on after the refusal keeps what was legitimate, and no more.
    assert.deepEqual(history(), database.inTransaction ? then : before)
    if (database.inTransaction) database.exec('rollback')
    assert.deepEqual(history(), before)
    database.close()
    const { intact, checked } = await store.verifyAudits()
    assert.deepEqual([intact, checked], [true, 4])
  })
})

test.each([
  ['updates', 'update audit_spans set last_at = first_at'],
  ['updates that replace', `update or replace audit_spans set first_at = '2000'`],
  ['a move', 'update audit_spans set last_id = 2048'],
  ['removal', 'delete from audit_spans'],
  ['replacement', `replace into audit_spans select day, last_id, '2000', '2001' from audit_spans`],
  [
    'an upsert',
    `insert into audit_spans select * from audit_spans where true on conflict do update set last_at = '2001'`,
  ],
  ['another beside it', `insert into audit_spans select day, 2048, first_at, last_at from audit_spans`],
  ['one of another day', `insert into audit_spans select '2026-11-24', last_id, first_at, last_at from audit_spans`],
  ['a move to another day', `update audit_spans set day = '2000-01-01'`],
  [
    'one that says something else',
    `delete from audit_spans; insert into audit_spans values ('2000-01-01', 1024, '2000', '2001')`,
  ],
])('keeps what is told of its records against %s', async (_, sql) => {
  const place = createMemoryData()
  const full = createMemoryStore({ data: place })
  const changes = Array.from({ length: LIMITS.CHANGES_MAX }, () => STARTED)
  while (((await full.auditHead())?.id ?? 0) < 1_100) await full.commit(changes)
  const database = databaseOf(place)
  const spans = () => database.prepare('select * from audit_spans').all()
  const before = spans()
  assert.equal(before.length, 1)
  assert.throws(() => database.exec(sql), /append-only/)
  assert.deepEqual(spans(), before)
  await full.close()
})

test('lets records go that are behind a cut, and erases what is forgotten', async () => {
  const other = join(fresh(), 'store.db')
  const opened = await openWithRecords(other)
  const database = new Database(other)
  database.exec(`${cut(2)}; delete from audit_log where id <= 2; ${forget('ben', 4)}; ${erased('where id = 3')}`)
  assert.deepEqual(database.prepare('select id, type from audit_log order by id').raw().all(), [
    [3, 'erased'],
    [4, 'service_started'],
    [5, 'records_archived'],
    [6, 'scope_forgotten'],
  ])
  database.close()
  await opened.close()
})

test('lets an empty log begin behind a record of another one, once', async () => {
  const other = join(fresh(), 'store.db')
  const opened = await openSqliteStore(other)
  const database = new Database(other)
  const refused = (sql: string) => assert.throws(() => database.exec(sql), /append-only/)
  const hash = 'ab'.repeat(32)
  refused(`insert into audit_cuts values (0, '${hash}')`)
  refused('update audit_head set last_id = 7')
  database.exec(`insert into audit_cuts values (7, '${hash}')`)
  refused(`insert into audit_cuts values (8, '${hash}')`)
  refused(`insert into audit_cuts values (6, '${hash}')`)
  refused('update audit_head set last_id = 9')
  refused(`update audit_head set last_hash = '00'`)
  const { id, hash: next } = await opened.appendAudit({ type: 'service_started' })
  const digest = database.prepare<[], string>('select digest from audit_log').pluck().get()
  assert.deepEqual([id, next], [8, linkHash(hash, 8, digest ?? '')])
  database.close()
  await opened.close()
})
