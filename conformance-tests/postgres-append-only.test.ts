import assert from 'node:assert/strict'
import { linkHash } from '@shepherd-store/core'
import { openPostgresStore } from '@shepherd-store/postgres'
import { describe, inject, test } from 'vitest'
import { assertAppends, assertRefused, copy, createLogPlace, run } from './postgres-log.ts'

// Of four records 1 and 2 are of mia, 3 and 4 of ben.
const place = await createLogPlace(inject('postgresUrl'))
const owner = place.urlOf('owner')

const COLUMNS = `"timestamp", scope, node, type, entry_id, session_id, event, original_id, original_timestamp, original_event,
  digest, hash, salt, content_digest`
const again = (id: string): string =>
  `insert into shepherd.audit_log select ${id}, ${COLUMNS} from shepherd.audit_log where id = 1`
/** What forgetting makes of a record, but for what is given. */
const erased = (change = ''): string =>
  `update shepherd.audit_log set type = 'erased', event = '{"type":"erased"}', content_digest = repeat('0', 64), salt = null,
     entry_id = null, session_id = null, original_id = null, original_timestamp = null, original_event = null ${change}`
/** The record that tells of it, at the end of the log. */
const told = (type: string, scope: string, id: number): string =>
  `insert into shepherd.audit_log ("timestamp", scope, node, type, event, digest)
     select "timestamp", ${scope}, node, '${type}', json_build_object('type', '${type}', 'through_id', ${id}, 'hash',
       (select hash from shepherd.audit_log where id = ${id})), digest
     from shepherd.audit_log where id = 4`
const forget = (scope: string, throughId: number): string =>
  `${told('scope_forgotten', `'${scope}'`, throughId)};
   insert into shepherd.forgotten_scopes values ('${scope}', ${throughId})`
const cut = (id: number): string =>
  `${told('records_archived', 'scope', id)};
   insert into shepherd.audit_cuts select id, hash from shepherd.audit_log where id = ${id}`

/** Each is one transaction: what comes before the last statement is legitimate, and goes with it. */
const CHANGES: readonly (readonly [what: string, sql: string])[] = [
  ['a changed record', `update shepherd.audit_log set node = 'x' where id = 1`],
  ['a record that is changed to what it is', 'update shepherd.audit_log set node = node'],
  ['another id', 'update shepherd.audit_log set id = 9 where id = 4'],
  ['a removed record', 'delete from shepherd.audit_log where id = 4'],
  ['a removed log', 'delete from shepherd.audit_log'],
  ['an empty log', 'truncate shepherd.audit_log'],
  ['everything empty', 'truncate shepherd.audit_log, shepherd.audit_head, shepherd.audit_cuts cascade'],
  [
    'a record in the place of another',
    `with gone as (delete from shepherd.audit_log where id = 1 returning *)
     insert into shepherd.audit_log select * from gone`,
  ],

  ['a rewound end', 'update shepherd.audit_head set last_id = 1'],
  ['an end further on', 'update shepherd.audit_head set last_id = last_id + 1'],
  ['an end with another hash', `update shepherd.audit_head set last_hash = repeat('0', 64)`],
  ['an end that stays', 'update shepherd.audit_head set last_id = last_id'],
  ['no end', 'delete from shepherd.audit_head'],
  ['an empty end', 'truncate shepherd.audit_head'],
  ['a second end', `insert into shepherd.audit_head values (true, 0, '')`],
  [
    'an upserted end',
    `insert into shepherd.audit_head values (true, 0, '') on conflict (one) do update set last_id = 0`,
  ],
  [
    'an end that a trigger moves by more than one record',
    `create temp table own (id int);
     create function pg_temp.move() returns trigger language plpgsql as $$ begin
       update shepherd.audit_head set last_id = last_id + 5; return new;
     end $$;
     create trigger t before insert on own for each row execute function pg_temp.move();
     alter table own enable always trigger t;
     insert into own values (1)`,
  ],
  [
    'an end that a trigger rewinds',
    `create temp table own (id int);
     create function pg_temp.move() returns trigger language plpgsql as $$ begin
       update shepherd.audit_head set last_id = 1; return new;
     end $$;
     create trigger t before insert on own for each row execute function pg_temp.move();
     alter table own enable always trigger t;
     insert into own values (1)`,
  ],
  [
    'an end that a table of another moves',
    `create temp table own (like shepherd.audit_log);
     create trigger t before insert on own for each row execute function shepherd.link_record();
     alter table own enable always trigger t;
     insert into own select * from shepherd.audit_log`,
  ],

  ['a cut where no record is', `insert into shepherd.audit_cuts values (9, repeat('0', 64))`],
  ['a cut with another hash', `insert into shepherd.audit_cuts values (2, repeat('0', 64))`],
  ['a cut before the first record', `insert into shepherd.audit_cuts values (0, repeat('0', 64))`],
  ['a cut that goes back', `${cut(3)}; ${cut(2)}`],
  ['a cut that is moved', `${cut(2)}; update shepherd.audit_cuts set through_id = 3`],
  ['a cut with its hash changed', `${cut(2)}; update shepherd.audit_cuts set through_hash = repeat('0', 64)`],
  [
    'a cut that no record tells of',
    'insert into shepherd.audit_cuts select id, hash from shepherd.audit_log where id = 2',
  ],
  ['a cut that is upserted', `${cut(2)}; ${cut(2)} on conflict (through_id) do update set through_hash = ''`],
  ['a cut that is taken back', `${cut(2)}; delete from shepherd.audit_cuts`],
  ['cuts that are taken back', `${cut(2)}; truncate shepherd.audit_cuts`],
  ['a record behind the cut removed', `${cut(2)}; delete from shepherd.audit_log where id <= 3`],

  ['a scope that is forgotten further than the log', forget('mia', 5)],
  ['a scope that no record tells of', `insert into shepherd.forgotten_scopes values ('mia', 2)`],
  ['a scope that is forgotten less', `${forget('mia', 2)}; update shepherd.forgotten_scopes set through_id = 1`],
  ['a scope that is forgotten for another', `${forget('mia', 2)}; update shepherd.forgotten_scopes set scope = 'ben'`],
  ['a scope that is not forgotten after all', `${forget('mia', 2)}; delete from shepherd.forgotten_scopes`],
  ['nobody forgotten after all', `${forget('mia', 2)}; truncate shepherd.forgotten_scopes`],
  ['an erasure of what is not forgotten', erased('where id = 1')],
  ['an erasure in another scope', `${forget('mia', 2)}; ${erased('where id = 3')}`],
  ['an erasure behind what is forgotten', `${forget('mia', 1)}; ${erased('where id = 2')}`],
  ['an erasure that is made twice', `${forget('mia', 2)}; ${erased('where id = 1')}; ${erased('where id = 1')}`],
  ...[
    `node = 'x'`,
    `scope = 'ben'`,
    `"timestamp" = now()`,
    `digest = repeat('0', 64)`,
    `hash = repeat('0', 64)`,
    'id = 9',
    `entry_id = 'x'`,
    `session_id = 'x'`,
    'original_id = 1',
    `original_timestamp = 'x'`,
    `original_event = 'x'`,
  ].map((change) => {
    const [column = ''] = change.split(' ')
    const rest = erased().replace(`, ${column} = null`, '').replace(` ${column} = null,`, '')
    return [`an erasure with ${change}`, `${forget('mia', 2)}; ${rest}, ${change} where id = 1`] as const
  }),
  ['an erasure that keeps the salt', `${forget('mia', 2)}; ${erased('where id = 1').replace('salt = null,', '')}`],
  [
    'an erasure that plants an event',
    `${forget('mia', 2)}; ${erased('where id = 1').replace('{"type":"erased"}', '{"type":"erased" }')}`,
  ],
  [
    'an erasure without a digest of what was there',
    `${forget('mia', 2)}; ${erased('where id = 1').replace(`repeat('0', 64)`, 'null')}`,
  ],

  [
    'a span that is not full',
    `insert into shepherd.audit_spans select '2026-11-23', 1024, min("timestamp"), max("timestamp") from shepherd.audit_log`,
  ],
  [
    'a span of its own',
    'insert into shepherd.audit_spans select "timestamp"::date, id, "timestamp", "timestamp" from shepherd.audit_log where id = 1',
  ],
  ['a span far away', 'insert into shepherd.audit_spans values (now()::date, 1024000, now(), now())'],
]
const MERGES: typeof CHANGES = ['when matched then update set node = $$x$$', 'when matched then delete'].map(
  (action) => [
    `a merge ${action}`,
    `merge into shepherd.audit_log l using (select 1 as id) s on l.id = s.id ${action}`,
  ],
)
const ALL = [...CHANGES, ...(place.serverVersion >= 150_000 ? MERGES : [])]

const REASON = /^P0001 the audit log is append-only: /

describe('as the owner, keeps the log append-only against', () => {
  test.each(ALL)('%s', async (_, sql) => {
    await assertRefused(place, () => run(owner, sql), REASON)
  })

  test('whatever a search path puts before what the triggers use', async () => {
    const shadows = `
      create schema shadows;
      create function shadows.always(bigint, bigint) returns boolean language sql as 'select true';
      create function shadows.same(text, text) returns boolean language sql as 'select true';
      create operator shadows.<= (leftarg = bigint, rightarg = bigint, function = shadows.always);
      create operator shadows.= (leftarg = text, rightarg = text, function = shadows.same);
      create function shadows.last(bigint, bigint) returns bigint language sql as 'select 99::bigint';
      create aggregate shadows.max(bigint) (sfunc = shadows.last, stype = bigint, initcond = '99');
      create temp table audit_cuts as select 99::bigint as through_id;
      create temp table forgotten_scopes as select 'mia' as scope, 99::bigint as through_id;
      set search_path = shadows, pg_temp, pg_catalog;`
    const { roles, admin, url } = place
    await admin.query(`grant create on database ${new URL(url).pathname.slice(1)} to ${roles.owner}`)
    for (const sql of ['delete from shepherd.audit_log where id = 1', erased('where id = 1')]) {
      await assertRefused(place, () => run(owner, `${shadows} ${sql}`), REASON)
    }
  })
})

describe('as a superuser that acts as a replica, keeps the log append-only against', () => {
  test.each(ALL)('%s', async (_, sql) => {
    await assertRefused(place, () => run(place.url, `set session_replication_role = replica; ${sql}`), REASON)
  })
})

test.each([
  ['owner', owner, ''],
  ['superuser that acts as a replica', place.url, 'set session_replication_role = replica;'],
])('gives a %s no place but the next one, whatever id it asks for', async (_, url, settings) => {
  for (const id of ['1', '4', '1000000', '-1', 'null']) {
    await assertAppends(place, () => run(url, `${settings} ${again(id)}`), 1)
  }
  await assertAppends(place, () => run(url, `${settings} ${again('1')} on conflict (id) do update set node = 'x'`), 1)
})

test('gives rows that are copied no place but the next ones', async () => {
  const { rows } = await place.admin.query<{ row: string }>(
    `select concat_ws(E'\\t', "timestamp", scope, node, type, event, salt, digest) as row from shepherd.audit_log where id = 2`,
  )
  const copied = [1, 2, 77].map((id) => `${id}\tforged\t${rows[0]?.row}\n`).join('')
  const columns = 'id, hash, "timestamp", scope, node, type, event, salt, digest'
  await assertAppends(place, () => copy(owner, `copy shepherd.audit_log (${columns}) from stdin`, copied), 3)
})

test('lets the owner remove what is behind a cut, and erase what is forgotten', async () => {
  const [{ left } = {}] = await run(
    owner,
    `begin; ${cut(2)}; delete from shepherd.audit_log where id <= 2; ${forget('ben', 4)}; ${erased('where id = 3')};
     select string_agg(id || ' ' || type, ', ' order by id) as left from shepherd.audit_log where id <= 4`,
  )
  assert.equal(left, '3 erased, 4 service_started')
  assert.equal((await place.owner.verifyAudits()).intact, true)
})

test('lets an empty log begin behind a record of another one, once', async () => {
  const { admin, url } = place
  await (await openPostgresStore(url, { node: 'hub', schema: 'empty' })).close()
  const refused = (sql: string) => assert.rejects(admin.query(sql), /append-only/)
  const hash = `repeat('ab', 32)`
  await refused(`insert into empty.audit_cuts values (0, ${hash})`)
  await refused('update empty.audit_head set last_id = 7')
  await admin.query(`insert into empty.audit_cuts values (7, ${hash})`)
  await refused(`insert into empty.audit_cuts values (8, ${hash})`)
  await refused(`insert into empty.audit_cuts values (6, ${hash})`)
  await refused(`update empty.audit_head set last_id = 9`)
  const store = await openPostgresStore(url, { node: 'hub', schema: 'empty' })
  const { id, hash: next } = await store.appendAudit({ type: 'service_started' })
  const { rows } = await admin.query<{ digest: string }>('select digest from empty.audit_log')
  assert.deepEqual([id, next], [8, linkHash('ab'.repeat(32), 8, rows[0]?.digest ?? '')])
  await store.close()
})
