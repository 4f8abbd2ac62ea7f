import assert from 'node:assert/strict'
import { type Change, isStoreError, startSession, type Store } from '@shepherd-store/core'
import { describe, inject, test } from 'vitest'
import { assertAppends, assertRefused, copy, createLogPlace, run } from './postgres-log.ts'

const DAY = '2026-11-23'
const AT = new Date('2026-11-23T10:00:00.000Z')
const CORRECTION = { by: 'Ada', why: 'Homework is done.' }

const place = await createLogPlace(inject('postgresUrl'))
const { roles, url } = place
const application = place.urlOf('application')
const readers = place.urlOf('reader')
// A place where the application may make what it likes.
await run(url, `create schema workshop authorization ${roles.application}`)

const imported = { sessionId: 'old', entryId: 'chess', run: 'crate', warningsIssuedMs: [], played: [] }
const CHANGES: readonly Change[] = [
  { type: 'append_audit', event: { type: 'service_started' } },
  {
    ...{ type: 'import_audit', timestamp: AT, event: { type: 'service_stopped' } },
    original: { id: 7, timestamp: 'then', event: '{}' },
  },
  { type: 'add_usage', entryId: 'minecraft', day: DAY, durationMs: 1 },
  { type: 'set_cooldown', entryId: 'minecraft', until: AT },
  { type: 'extend_cooldown', entryId: 'minecraft', until: AT },
  { type: 'clear_cooldown', entryId: 'minecraft' },
  { type: 'save_snapshot', snapshot: { timestamp: AT } },
  { type: 'adjust_usage', entryId: 'minecraft', day: DAY, byMs: 1, ...CORRECTION },
  { type: 'grant_time', entryId: 'minecraft', day: DAY, byMs: 1, ...CORRECTION },
  { type: 'import_session', ...imported, startedAt: AT, lastReportedAt: AT },
]

async function readAll(store: Store): Promise<void> {
  for await (const { id } of store.readAudits({ scope: 'all' })) assert.ok(id > 0)
  for await (const line of store.exportAudits({ format: 'jsonl', scope: 'all' })) assert.ok(line.length > 0)
  await store.listAudits({ from: AT, to: AT, types: ['service_started', 'service_stopped'], order: 'desc' })
  await store.auditHead()
  await store.getRecentAudits(10)
  await store.getUsage('minecraft', DAY)
  await store.listUsage({ from: DAY, to: '2026-11-24' })
  await store.getDayState(DAY)
  await store.getCooldownUntil('minecraft')
  await store.loadSnapshot()
  await store.listSessions()
  await store.listNodes()
  assert.equal((await store.verifyAudits()).intact, true)
}

test('lets the application write and read everything, again and again, and be healthy', async () => {
  for (const operationId of ['first', 'second', 'second']) {
    const scope = `${operationId} child`
    const { applied } = await place.application
      .view({ scope, node: 'lab-1' })
      .commit(CHANGES, { operationId, if: [{ type: 'no_open_session' }] })
    assert.equal(applied, true)
    const started = await startSession(place.application.view({ scope }), {
      entryId: 'minecraft',
      if: [{ type: 'no_cooldown', entryId: 'minecraft' }],
    })
    if (!started.applied) continue
    await started.session.checkpoint()
    await started.session.end({ reason: { type: 'user_stop' }, cooldownMs: 1_000 })
  }
  await readAll(place.application.view({ scope: 'first child' }))
  assert.deepEqual((await place.application.health()).problems, [])
})

test('lets the owner and the application check all that is stored, and says to the reader that it may not', async () => {
  for (const store of [place.owner, place.application]) assert.deepEqual((await store.check()).problems, [])
  await assert.rejects(place.reader.check(), (error) => isStoreError(error, 'PERMISSION_DENIED'))
})

test('keeps from the application what removes records, and what erases them', async () => {
  const denied = (error: unknown) => isStoreError(error, 'PERMISSION_DENIED')
  await assert.rejects(place.application.forgetScope('mia', CORRECTION), denied)
  await assert.rejects(run(application, 'delete from shepherd.sessions'), /permission denied/)
})

test('lets the reader read everything, and write nothing', async () => {
  await readAll(place.reader)
  for (const change of CHANGES) {
    const options = change.type === 'import_session' ? { if: [{ type: 'no_open_session' } as const] } : {}
    await assert.rejects(place.reader.commit([change], options), (error) => isStoreError(error, 'PERMISSION_DENIED'))
  }
  assert.deepEqual(
    (await place.reader.health()).problems.map(({ code }) => code),
    ['PERMISSION_DENIED'],
  )
  const { rows } = await place.admin.query<{ name: string }>(
    `select tablename as name from pg_tables where schemaname = 'shepherd'`,
  )
  for (const { name } of rows) {
    for (const statement of [
      `insert into shepherd.${name} select * from shepherd.${name}`,
      `delete from shepherd.${name}`,
    ]) {
      await assert.rejects(run(readers, statement), { code: '42501' })
    }
  }
  for (const table of ['operations', 'writers']) {
    await assert.rejects(run(readers, `select from shepherd.${table}`), { code: '42501' })
  }
})

test('gives rights to what tells of the past to nobody but the owner, but for reading it and appending', async () => {
  const rows = await run(
    url,
    `select relname || ': ' || grantee::regrole || ' ' || string_agg(lower(privilege_type), ', ' order by privilege_type) as right
     from pg_class, aclexplode(relacl)
     where relnamespace = 'shepherd'::regnamespace and relname in
         ('audit_log', 'audit_head', 'audit_cuts', 'audit_spans', 'forgotten_scopes', 'meta')
       and grantee <> relowner
     group by relname, grantee order by 1`,
  )
  const { application: app, reader } = roles
  assert.deepEqual(
    rows.map(({ right }) => right),
    ['audit_cuts', 'audit_head', 'audit_log', 'audit_spans', 'forgotten_scopes', 'meta'].flatMap((table) => [
      `${table}: ${app} ${table === 'audit_log' ? 'insert, ' : ''}select`,
      `${table}: ${reader} select`,
    ]),
  )
  const [columns] = await run(
    url,
    `select count(*)::int as granted from pg_attribute
     where attrelid = 'shepherd.audit_log'::regclass and attacl is not null`,
  )
  assert.deepEqual(columns, { granted: 0 })
})

const FORGED = `insert into shepherd.audit_log select`
const REST = `"timestamp", scope, node, type, entry_id, session_id, event, original_id, original_timestamp, original_event,
  digest, hash, salt, content_digest from shepherd.audit_log where id = 1`

describe('refuses the application', () => {
  const merges = ['when matched then update set node = $$x$$', 'when matched then delete'].map((action) => [
    `to merge: ${action}`,
    `merge into shepherd.audit_log l using (select 1 as id) s on l.id = s.id ${action}`,
  ])
  test.each([
    ['to change a record', `update shepherd.audit_log set node = 'x'`],
    ['to give a record another id', 'update shepherd.audit_log set id = id + 100'],
    ['to remove a record', 'delete from shepherd.audit_log where id = 1'],
    ['to remove a record in a query', 'with gone as (delete from shepherd.audit_log returning id) select id from gone'],
    ['to empty the log', 'truncate shepherd.audit_log'],
    ['to upsert', `${FORGED} * from shepherd.audit_log where id = 1 on conflict (id) do update set node = 'x'`],
    ...(place.serverVersion >= 150_000 ? merges : []),
    ['to lock records', 'select from shepherd.audit_log for update'],
    ['to lock the log', 'begin; lock table shepherd.audit_log in access exclusive mode'],
    ['to take a record through a view', 'create temp view v as select * from shepherd.audit_log; delete from v'],
    ['to rewind the end', 'update shepherd.audit_head set last_id = 0'],
    ['to give the end another hash', `update shepherd.audit_head set last_hash = repeat('0', 64)`],
    ['to lock the end', 'select from shepherd.audit_head for update'],
    ['to remove the end', 'delete from shepherd.audit_head'],
    ['to empty the end', 'truncate shepherd.audit_head'],
    ['another end', `insert into shepherd.audit_head values (true, 0, '') on conflict (one) do update set last_id = 0`],
    ['to cut the log', 'insert into shepherd.audit_cuts select id, hash from shepherd.audit_log where id = 1'],
    ['to forget a scope', `insert into shepherd.forgotten_scopes values ('mia', 1)`],
    ['to tell of records', `insert into shepherd.audit_spans values (now(), 1024, now(), now())`],
    ['to give the database another calendar', `update shepherd.meta set value = 'UTC'`],
    ['to disable a trigger', 'alter table shepherd.audit_log disable trigger audit_log_no_update'],
    ['to disable all triggers', 'alter table shepherd.audit_log disable trigger all'],
    ['to disable triggers by hand', `update pg_catalog.pg_trigger set tgenabled = 'D'`],
    ['to act as a replica', 'set session_replication_role = replica'],
    [
      'to act as a replica from the next session on',
      `alter role ${roles.application} set session_replication_role = replica`,
    ],
    ['to drop the log', 'drop table shepherd.audit_log'],
    ['to drop a trigger', 'drop trigger audit_log_no_update on shepherd.audit_log'],
    ['to drop a function', 'drop function shepherd.link_record() cascade'],
    ['to drop the schema', 'drop schema shepherd cascade'],
    ['to drop all that is owned', `drop owned by ${roles.owner}`],
    ['to drop a column', 'alter table shepherd.audit_log drop column hash'],
    ['to rewrite a column', `alter table shepherd.audit_log alter column node type text using 'x'`],
    ['to rename the log', 'alter table shepherd.audit_log rename to old_log'],
    ['to move the log', 'alter table shepherd.audit_log set schema workshop'],
    ['to own the log', 'alter table shepherd.audit_log owner to current_user'],
    ['to add a rule', 'create rule r as on insert to shepherd.audit_log do instead nothing'],
    ['to add records by inheritance', 'create table workshop.more () inherits (shepherd.audit_log)'],
    ['to hold records by reference', 'create table workshop.held (id bigint references shepherd.audit_log)'],
    [
      'a trigger on the log',
      `create function workshop.f() returns trigger language plpgsql as $$ begin new.id = 1; return new; end $$;
       create trigger z before insert on shepherd.audit_log for each row execute function workshop.f()`,
    ],
    [
      'another function of the same name',
      'create or replace function shepherd.link_record() returns trigger language plpgsql as $$ begin return new; end $$',
    ],
    ['another search path for a function', 'alter function shepherd.link_record() set search_path = workshop'],
    ...['link_record', 'tell_span'].map((name) => [
      `a trigger of its own with ${name}`,
      `create temp table own (like shepherd.audit_log);
       create trigger t before insert on own for each row execute function shepherd.${name}()`,
    ]),
    ['a table in the schema', 'create table shepherd.mine (id int)'],
    ['to become the owner', `set role ${roles.owner}`],
    ['to begin as the owner', `set session authorization ${roles.owner}`],
    ['to join the owner', `grant ${roles.owner} to ${roles.application}`],
    [
      'to grant itself a right',
      `grant update on shepherd.audit_log to ${roles.application}; update shepherd.audit_log set node = 'x'`,
    ],
    ['to run a program', `copy shepherd.audit_log from program 'true'`],
    ['to change its own settings for good', `alter system set session_replication_role = replica`],
  ] as [string, string][])('%s', async (_, statement) => {
    await assertRefused(place, () => run(application, statement), /^42501 /)
  })
})

describe('gives the application nothing but a place at the end for', () => {
  const shadows = `
    create temp table audit_head (one boolean, last_id bigint, last_hash text);
    insert into audit_head values (true, 0, repeat('f', 64));
    create or replace function workshop.sha256(bytea) returns bytea language sql as 'select $1';
    create or replace function workshop.encode(bytea, text) returns text language sql as $$select repeat('0', 64)$$;
    create or replace function workshop.int8send(bigint) returns bytea language sql as $$select ''::bytea$$;
    create or replace function workshop.sum_of(bigint, integer) returns bigint language sql as 'select 7::bigint';
    create or replace function workshop.never(oid, oid) returns boolean language sql as 'select false';
    do $$ begin
      if to_regoperator('workshop.+(bigint, integer)') is null then
        create operator workshop.+ (leftarg = bigint, rightarg = integer, function = workshop.sum_of);
        create operator workshop.<> (leftarg = oid, rightarg = oid, function = workshop.never);
      end if;
    end $$;`
  test.each([
    ['a rewound id', `${FORGED} 1, ${REST}`, 1],
    ['a forged id', `${FORGED} 1000000, ${REST}`, 1],
    ['an id below the first', `${FORGED} -1, ${REST}`, 1],
    ['no id', `${FORGED} null, ${REST}`, 1],
    ['a forged hash', `${FORGED} 1, ${REST.replace('hash', `repeat('f', 64)`)}`, 1],
    ['the whole log once more', `${FORGED} * from (select * from shepherd.audit_log order by id limit 3) as once`, 3],
    ['a conflict that is none', `${FORGED} * from shepherd.audit_log where id = 1 on conflict do nothing`, 1],
    [
      'an insert through a view',
      `create temp view v as select * from shepherd.audit_log; insert into v select 1, ${REST}`,
      1,
    ],
    [
      'shadows of what a trigger uses',
      `${shadows} set search_path = pg_temp, workshop, pg_catalog; ${FORGED} 1, ${REST}`,
      1,
    ],
    [
      'an insert by a trigger of its own',
      `create temp table own (id int);
       create or replace function workshop.g() returns trigger language plpgsql as $$ begin ${FORGED} 1, ${REST}; return new; end $$;
       create trigger t after insert on own for each row execute function workshop.g();
       insert into own values (1)`,
      1,
    ],
  ] as const)('%s', async (_, statement, count) => {
    await assertAppends(place, () => run(application, statement), count)
  })

  test('copied rows with forged ids', async () => {
    const [row] = await run(
      application,
      `select concat_ws(E'\\t', "timestamp", scope, node, type, event, salt, digest) as row from shepherd.audit_log where id = 1`,
    )
    const rows = [1, 1, 99].map((id) => `${id}\tforged\t${String(row?.['row'])}\n`).join('')
    const columns = 'id, hash, "timestamp", scope, node, type, event, salt, digest'
    await assertAppends(place, () => copy(application, `copy shepherd.audit_log (${columns}) from stdin`, rows), 3)
  })
})

test('refuses a record whose digest is none, from which no hash follows', async () => {
  const spoiled = REST.replace('digest, hash', `'not hexadecimal', hash`)
  await assertRefused(place, () => run(application, `${FORGED} 1, ${spoiled}`), /^22023 /)
})
