import assert from 'node:assert/strict'
import { openPostgresStore, postgresRoles } from '@shepherd-store/postgres'
import { describe, inject, test } from 'vitest'
import { assertRefused, createLogPlace, run } from './postgres-log.ts'
import { createDatabase } from './postgres/database.ts'

const place = await createLogPlace(inject('postgresUrl'))
const { roles, url } = place
const application = place.urlOf('application')

/** What is so, how it came to be, and why it is refused. */
type Refusal = readonly [string, string, RegExp]

/** All who have rights to the schema, or to what is in it, or will have them to what the owner makes in it. PUBLIC is `-`. */
const GRANTEES = `
  select distinct grantee::regrole::text as grantee from (
    select nspacl from pg_namespace where nspname = 'shepherd'
    union all
    select relacl from pg_class where relnamespace = 'shepherd'::regnamespace
    union all
    select attacl from pg_attribute where attrelid in (select oid from pg_class where relnamespace = 'shepherd'::regnamespace)
    union all
    select coalesce(proacl, acldefault('f', proowner)) from pg_proc where pronamespace = 'shepherd'::regnamespace
    union all
    select defaclacl from pg_default_acl where defaclnamespace = 'shepherd'::regnamespace
  ) as rights (acl), aclexplode(acl)`

test('may be run again, and takes back what was granted meanwhile', async () => {
  await run(url, `grant all on all tables in schema shepherd to ${roles.application}, public`)
  await run(url, postgresRoles(roles))
  await assertRefused(place, () => run(application, 'delete from shepherd.audit_log'), /^42501 /)
  await assertRefused(place, () => run(place.urlOf('reader'), 'delete from shepherd.audit_log'), /^42501 /)
  assert.equal(await place.application.isHealthy(), true)
})

test('can be run by the owner itself', async () => {
  await run(place.urlOf('owner'), postgresRoles(roles))
  assert.equal(await place.application.isHealthy(), true)
})

test('takes back what any other role was granted, however it came by it, as often as it is run', async () => {
  const quoted = (name: string) => `"${name} ${roles.owner}"`
  const [old, heir, clerk] = [quoted('Old Account'), quoted('heir'), quoted('clerk')]
  const outsiders = [old, heir, clerk].join(', ')
  const back = `
    grant all on schema shepherd to ${old} with grant option;
    grant all on all tables in schema shepherd to ${old} with grant option;
    grant all on all routines in schema shepherd to ${old};
    set role ${old};
    grant delete, update on shepherd.audit_log to ${heir};
    grant usage on schema shepherd to ${heir}, ${clerk};
    reset role;
    grant update (node) on shepherd.audit_log to ${clerk};
    grant insert (through_id, through_hash) on shepherd.audit_cuts to ${clerk};
    alter default privileges for role ${roles.owner} in schema shepherd grant all on tables to ${clerk}, public;
    alter default privileges for role ${roles.owner} in schema shepherd grant all on sequences to ${clerk};
    alter default privileges for role ${roles.owner} in schema shepherd grant all on routines to ${clerk};
    alter default privileges for role ${roles.owner} in schema shepherd grant all on types to ${clerk};`
  const later = `
    create table shepherd.later (id int generated always as identity);
    create sequence shepherd.steps;
    create procedure shepherd.later() language sql as '';`
  await run(url, `create role ${old}; create role ${heir}; create role ${clerk}`)
  try {
    for (const runner of [url, place.urlOf('owner')]) {
      await run(url, back)
      await run(runner, postgresRoles(roles))
      await run(place.urlOf('owner'), later)
      // What is not granted by default, as PUBLIC may call each new procedure, is all there is.
      assert.deepEqual(
        new Set((await run(url, GRANTEES)).map(({ grantee }) => grantee)),
        new Set([roles.owner, roles.application, roles.reader, '-']),
      )
      for (const [role, statement] of [
        [old, 'delete from shepherd.audit_log'],
        [old, 'create table shepherd.mine (id int)'],
        [heir, 'delete from shepherd.audit_log'],
        [clerk, `update shepherd.audit_log set node = 'x'`],
        [clerk, 'insert into shepherd.audit_cuts select id, hash from shepherd.audit_log where id = 1'],
        [clerk, 'select from shepherd.later'],
      ] as const) {
        await assertRefused(place, () => run(url, `set role ${role}; ${statement}`), /^42501 /)
      }
      await run(runner, postgresRoles(roles))
      assert.deepEqual(
        new Set((await run(url, GRANTEES)).map(({ grantee }) => grantee)),
        new Set([roles.owner, roles.application, roles.reader]),
      )
      assert.equal(await place.application.isHealthy(), true)
      await run(
        place.urlOf('owner'),
        'drop table shepherd.later; drop sequence shepherd.steps; drop procedure shepherd.later()',
      )
    }
  } finally {
    await run(url, `drop owned by ${outsiders}; drop role ${outsiders}`)
  }
})

test("makes views, procedures and what else there is in the schema the owner's", async () => {
  const old = `old_${roles.owner}`
  await run(
    url,
    `create role ${old}; grant usage, create on schema shepherd to ${old}; set role ${old};
     create view shepherd.v as select 1; create materialized view shepherd.m as select 1; create sequence shepherd.s;
     create table shepherd.t (id int generated always as identity, n serial);
     create procedure shepherd.p() language sql as '';
     create aggregate shepherd.a (int) (sfunc = int4pl, stype = int)`,
  )
  try {
    await run(url, postgresRoles(roles))
    assert.deepEqual(
      await run(
        url,
        `select relname as name from pg_class where relnamespace = 'shepherd'::regnamespace and relowner = '${old}'::regrole
         union all
         select proname from pg_proc where pronamespace = 'shepherd'::regnamespace and proowner = '${old}'::regrole`,
      ),
      [],
    )
    await run(place.urlOf('owner'), postgresRoles(roles))
  } finally {
    await run(
      url,
      `drop view shepherd.v; drop materialized view shepherd.m; drop sequence shepherd.s; drop table shepherd.t;
       drop procedure shepherd.p(); drop aggregate shepherd.a(int); drop owned by ${old}; drop role ${old}`,
    )
  }
})

test('gives the rights of the owner to no function that another role has made', async () => {
  const old = `old_${roles.owner}`
  await run(
    url,
    `create role ${old}; grant usage, create on schema shepherd to ${old}; create schema den authorization ${old};
     set role ${old};
     create function shepherd.late() returns trigger language plpgsql security definer as
       $$ begin insert into shepherd.forgotten_scopes values ('mia', 1); return new; end $$;
     create table den.own (id int);
     create trigger t before insert on den.own for each row execute function shepherd.late()`,
  )
  try {
    await run(url, postgresRoles(roles))
    // A trigger needs no right to call its function.
    await assertRefused(place, () => run(url, `set role ${old}; insert into den.own values (1)`), /^42501 /)
  } finally {
    await run(url, `drop schema den cascade; drop function shepherd.late(); drop owned by ${old}; drop role ${old}`)
  }
})

describe.each(['application', 'reader'] as const)('fails, and changes nothing, when the %s', (name) => {
  const role = roles[name]
  const crew = `crew_${roles.owner}`
  /** It inherits nothing, and can become one of the crew by SET ROLE alone. */
  const memberOf = (crews: string) => `create role ${crews}; alter role ${role} noinherit; grant ${crew} to ${role}`
  const everywhere = ['pg_write_server_files', 'pg_execute_server_program']
  if (place.serverVersion >= 140_000) everywhere.push('pg_write_all_data')
  /** A right that the owner has not granted, and cannot take back. */
  const written = (table: string, right: string) =>
    `update pg_catalog.pg_class set relacl = relacl || makeaclitem('${crew}'::regrole, '${crew}'::regrole, '${right}', false)
     where oid = 'shepherd.${table}'::regclass`
  const writtenTo = (column: string, right: string) =>
    `update pg_catalog.pg_attribute
     set attacl = array[makeaclitem('${crew}'::regrole, '${crew}'::regrole, '${right}', false)]
     where attrelid = 'shepherd.audit_log'::regclass and attname = '${column}'`

  test.each([
    ['is a superuser', `alter role ${role} superuser`, /: it is a superuser$/],
    ['may create roles', `alter role ${role} createrole`, /: it may create roles$/],
    ['may replicate', `alter role ${role} replication`, /: it may replicate/],
    ['passes by row security', `alter role ${role} bypassrls`, /: it passes by row security$/],
    [
      'is a member of the owner',
      `grant ${roles.owner} to ${role}`,
      /: it is a member of owner_.*, which owns the log$/,
    ],
    [
      'is a member of a member of the owner',
      `${memberOf(crew)}; grant ${roles.owner} to ${crew}`,
      /: it is a member of owner_.*, which owns the log$/,
    ],
    ['can become a superuser', memberOf(`${crew} superuser`), /: it is a member of crew_.*, which is a superuser$/],
    ['can become one that creates roles', memberOf(`${crew} createrole`), /crew_.*, which may create roles$/],
    ['can become one that replicates', memberOf(`${crew} replication`), /crew_.*, which may replicate/],
    [
      'can become one that row security lets by',
      memberOf(`${crew} bypassrls`),
      /crew_.*, which passes by row security$/,
    ],
    ...everywhere.flatMap((known): readonly Refusal[] => [
      [`is a member of ${known}`, `grant ${known} to ${role}`, new RegExp(`${known}, which may write everywhere$`)],
      [
        `can become one of ${known}`,
        `${memberOf(crew)}; grant ${known} to ${crew}`,
        new RegExp(`${known}, which may write everywhere$`),
      ],
    ]),
    ...[
      ...['DELETE', 'TRUNCATE', 'TRIGGER', 'REFERENCES', 'UPDATE'].map((right) => written('audit_log', right)),
      ...['UPDATE', 'REFERENCES'].map((right) => writtenTo('node', right)),
      ...['audit_head', 'audit_cuts', 'audit_spans', 'forgotten_scopes'].map((table) => written(table, 'INSERT')),
      ...(name === 'reader' ? [written('audit_log', 'INSERT')] : []),
    ].map((change): Refusal => {
      const right = /'[a-z_.]+'::regclass|'[A-Z]+'/g
      return [
        `can become one that has ${change.match(right)?.join(' of ')}`,
        `${memberOf(crew)}; ${change}`,
        /crew_.*, which has rights to it that its owner did not grant$/,
      ]
    }),
  ] as readonly Refusal[])('%s', async (_, change, reason) => {
    // What is done here is undone with it.
    const inside = postgresRoles(roles).replace('begin;', '').replace('commit;', '')
    await assert.rejects(run(url, `begin; ${change}; ${inside} commit`), ({ message }: Error) => {
      assert.match(message, reason)
      return message.startsWith(`the role ${role} could change the log: `)
    })
    assert.equal(await place.application.isHealthy(), true)
  })
})

test('fails when the reader is a member of the application', async () => {
  const inside = postgresRoles(roles).replace('begin;', '').replace('commit;', '')
  const change = `grant ${roles.application} to ${roles.reader}`
  await assert.rejects(
    run(url, `begin; ${change}; ${inside} commit`),
    /it is a member of application_.*, which appends to it$/,
  )
})

test('lets a role that only reads be a member of the reader, and the application too', async () => {
  const crew = `crew_${roles.owner}`
  const inside = postgresRoles(roles).replace('begin;', '').replace('commit;', '')
  await run(
    url,
    `begin; create role ${crew}; grant ${roles.reader} to ${crew}, ${roles.application}; ${inside}
     set role ${crew}; select from shepherd.audit_log; rollback`,
  )
})

test('hands to the owner what another role has made, and is one that a role without superuser rights can run', async () => {
  const { url: other, drop } = await createDatabase(inject('postgresUrl'))
  const names = Object.fromEntries(Object.entries(roles).map(([role, name]) => [role, `b${name}`])) as typeof roles
  const manager = `manager_${roles.owner}`
  const database = new URL(other).pathname.slice(1)
  await run(
    other,
    `create role ${manager} login createrole password 'secret'; grant create on database ${database} to ${manager}`,
  )
  try {
    const managers = Object.assign(new URL(other), { username: manager, password: 'secret' }).href
    const first = await openPostgresStore(managers, { node: 'hub', schema: 'kids' })
    await first.appendAudit({ type: 'service_started' })
    await first.close()
    await run(managers, postgresRoles({ schema: 'kids', ...names }))
    const foreign = await run(
      other,
      `select relname as name from pg_class where relnamespace = 'kids'::regnamespace and relowner <> '${names.owner}'::regrole
       union all
       select proname from pg_proc where pronamespace = 'kids'::regnamespace and proowner <> '${names.owner}'::regrole`,
    )
    assert.deepEqual(foreign, [])
    await run(other, `alter role ${names.application} password 'secret'`)
    const where = Object.assign(new URL(other), { username: names.application, password: 'secret' }).href
    const store = await openPostgresStore(where, { node: 'hub', schema: 'kids', migrate: 'never' })
    assert.equal((await store.appendAudit({ type: 'service_stopped' })).id, 2)
    await store.close()
  } finally {
    const all = [...Object.values(names), manager].join(', ')
    await drop()
    await run(url, `drop role ${all}`)
  }
})
