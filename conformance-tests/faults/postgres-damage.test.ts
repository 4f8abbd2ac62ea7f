import assert from 'node:assert/strict'
import { type CheckReport, manualClock, type OwnedStore, startSession } from '@shepherd-store/core'
import { openPostgresStore } from '@shepherd-store/postgres'
import pg from 'pg'
import { afterAll, beforeAll, inject, test } from 'vitest'
import { createDatabase } from '../postgres/database.ts'
import { Tally } from './tally.ts'
import { DAY, WORK_AT } from './work.ts'

/** What somebody with the owner's rights does, and what a check names. */
type Damages = readonly (readonly [sql: string, part: string])[]

const OF_THE_SCHEMA: Damages = [
  ['drop trigger audit_log_no_update on audit_log', 'trigger audit_log_no_update on audit_log'],
  ['alter table audit_log disable trigger audit_log_no_delete', 'trigger audit_log_no_delete on audit_log'],
  // A session of the role `replica` passes it by.
  ['alter table audit_head enable trigger audit_head_one', 'trigger audit_head_one on audit_head'],
  ['create trigger more before insert on usage for each row execute function refuse_change()', 'trigger more on usage'],
  ['create rule nothing as on insert to grants do instead nothing', 'rule nothing on grants'],
  [
    `create or replace function remove_record() returns trigger language plpgsql
       set search_path = pg_catalog, pg_temp as 'begin return old; end'`,
    'function remove_record()',
  ],
  ['alter function move_end() security invoker', 'function move_end()'],
  ['drop index audit_log_entry', 'index audit_log_entry on audit_log'],
  ['drop index sessions_open', 'unique index sessions_open on sessions'],
  ['create unique index one_day on usage (entry_id, day, scope)', 'unique index one_day on usage'],
  [
    `update pg_index set indisvalid = false where indexrelid = 'grants_key'::regclass`,
    'constraint grants_key on grants',
  ],
  ['alter table usage drop constraint usage_duration', 'constraint usage_duration on usage'],
  ['alter table nodes drop constraint nodes_pkey', 'constraint nodes_pkey on nodes'],
  ['alter table cooldowns alter until type timestamptz(0)', 'table cooldowns'],
  ['alter table usage alter duration_ms drop not null', 'table usage'],
  ['alter table snapshot add more text', 'table snapshot'],
  // A crash would empty it.
  ['alter table session_played set unlogged', 'table session_played'],
  ['alter table grants enable row level security', 'table grants'],
  // Its rows are read with those of the table.
  ['create table heir () inherits (nodes)', 'heir heir on nodes'],
  [
    'create table other (scope text, entry_id text, foreign key (scope, entry_id) references cooldowns)',
    'reference other_scope_entry_id_fkey on cooldowns',
  ],
  ['create index inverse on usage ((1 / (duration_ms - 7)))', 'computed index inverse on usage'],
  // Of these nobody has to know.
  [
    'create index more_of_usage on usage (node); create table notes (text text); create view all_usage as table usage',
    '',
  ],
]

const OF_ROWS: Damages = [
  [`update usage set day = 'infinity' where entry_id = 'chess'`, 'usage ["default",null,"chess","hub"]'],
  [`update usage set duration_ms = -1 where entry_id = 'minecraft'`, `usage ["default","${DAY}","minecraft","hub"]`],
  [`update grants set entry_id = ''`, `grants ["default","${DAY}",""]`],
  [`update cooldowns set until = 'infinity'`, 'cooldowns ["default","minecraft"]'],
  [`update snapshot set state = '[]'`, 'snapshot ["default","hub"]'],
  [`update sessions set detail = '{"label":7}' where session_id = 's-1'`, 'sessions ["default","s-1"]'],
  [`delete from sessions where session_id = 's-2'`, `session_played ["mia","s-2","r-1","${DAY}"]`],
  [`update nodes set seen_at = '-infinity'`, 'nodes ["hub"]'],
  [`update operations set digest = 'ab' where operation_id = 'op-1'`, 'operations ["default","op-1"]'],
  ['update operations set first_audit_id = 90 where audit_count = 1', 'operations ["default","op-2"]'],
  ['update writers set last_audit_id = 90', 'writers'],
  [`update meta set value = '2' where key = 'schema_version'`, 'meta ["schema_version"]'],
  [`delete from meta where key = 'calendar'`, 'meta ["calendar"]'],
]

const OF_THE_LOG: Damages = [
  [unguarded('audit_head', 'update audit_head set last_id = last_id - 1'), 'audit_log [4]'],
  [unguarded('audit_head', 'delete from audit_head'), 'audit_log'],
  [unguarded('audit_log', 'delete from audit_log where id = 2'), 'audit_log [2]'],
  [unguarded('audit_log', `update audit_log set scope = 'ben' where id = 3`), 'audit_log [3]'],
]

function unguarded(table: string, sql: string): string {
  return `alter table ${table} disable trigger all; ${sql}`
}

const { url, drop } = await createDatabase(inject('postgresUrl'))
const admin = new pg.Client({ connectionString: url })
let places = 0

beforeAll(() => admin.connect())
afterAll(async () => {
  await admin.end()
  await drop()
})

test('names every object of the schema that is another one, or gone, or somebody else’s', async () => {
  const { problems } = await checkAfter(OF_THE_SCHEMA)
  const due = OF_THE_SCHEMA.flatMap(([, part]) => (part === '' ? [] : [`schema ${part}`]))
  assert.deepEqual(problems.map(({ part }) => part).toSorted(), due.toSorted())
  assert.ok(problems.every(({ code }) => code === 'UNRECOGNIZED_SCHEMA'))
})

test('names every row that cannot be read, or that the other tables gainsay', async () => {
  // What guards them is not what is looked at.
  const guards = ['alter table usage drop constraint usage_duration', '']
  const { problems } = await checkAfter([guards as [string, string], ...OF_ROWS])
  const parts = problems.map(({ part }) => part.replace(/^writers .*/, 'writers'))
  const due = [...OF_ROWS.map(([, part]) => part), 'schema constraint usage_duration on usage']
  assert.deepEqual(parts.toSorted(), due.toSorted())
})

test('names the record from which on the log is not as it was written', async () => {
  const tally = new Tally()
  for (const [sql, part] of OF_THE_LOG) {
    const { sound, problems } = await checkAfter([[sql, part]])
    tally.tried()
    tally.faults += 1
    const lost = !sound && problems[0]?.part === part ? [] : [`${part} is not named: ${JSON.stringify(problems)}`]
    tally.add({ acknowledged: 0, inDoubt: 0, lost, doubled: [], untrue: [] }, sql)
  }
  tally.print('damages of the log in SQL')
  assert.deepEqual([tally.problems, tally.lost], [[], 0])
})

test('has the server look at its indexes where it can, and says so where it cannot', async () => {
  const isBlind = ({ blindSpots }: CheckReport) => blindSpots.some((spot) => spot.includes('amcheck'))
  const blind = await checkAfter([])
  assert.deepEqual([blind.problems, isBlind(blind)], [[], true])
  await admin.query('create extension amcheck schema public')
  const whole = await checkAfter([])
  assert.deepEqual([whole.problems, isBlind(whole)], [[], false])
  const skipped = (is: boolean) =>
    `update pg_index set indisready = ${!is}, indisvalid = ${!is} where indexrelid = 'usage_key'::regclass`
  const damaged = await checkAfter([
    [`${skipped(true)}; insert into usage values ('default', '${DAY}', 'go', 'hub', 1); ${skipped(false)}`, ''],
  ])
  assert.deepEqual(
    damaged.problems.map(({ code, part }) => [code, part]),
    [['CORRUPT', 'indexes']],
  )
  assert.match(damaged.problems[0]?.message ?? '', /usage_key.*restore a backup/s)
})

/** A new schema with a row in every table, damaged, and what a check finds. */
async function checkAfter(damages: Damages): Promise<CheckReport> {
  const schema = `damaged_${(places += 1)}`
  const store = await openPostgresStore(url, { node: 'hub', schema, clock: manualClock(WORK_AT) })
  await fill(store)
  await admin.query(`set search_path = ${schema}`)
  for (const [sql] of damages) await admin.query(sql)
  const report = await store.check()
  assert.equal(report.problemCount, report.problems.length)
  await store.close()
  return report
}

async function fill(store: OwnedStore): Promise<void> {
  const mia = store.view({ scope: 'mia' })
  for (const [view, sessionId] of [
    [store, 's-1'],
    [mia, 's-2'],
  ] as const) {
    const ids = { entryId: 'go', sessionId, run: 'r-1' }
    assert.ok((await startSession(view, ids)).applied)
    const played = [{ day: DAY, playedMs: 5 }] as const
    await view.commit([{ type: 'report_session', ...ids, report: 1, played }])
  }
  await store.addUsage('chess', DAY, 1_000)
  await store.addUsage('minecraft', DAY, 1_000, { operationId: 'op-1' })
  await store.setCooldownUntil('minecraft', new Date(WORK_AT))
  await store.saveSnapshot({ timestamp: new Date(WORK_AT) })
  await store.grantTime('minecraft', DAY, 1_000, { by: 'Ada', why: 'Homework is done.' })
  await store.appendAudit({ type: 'service_started' }, { operationId: 'op-2' })
}
