import { checkFields, StoreError } from '@shepherd-store/core'
import { checkIdentifier } from './identifier.ts'

export interface PostgresRoles {
  /** The schema of the store's tables: a lower-case identifier. Default `shepherd`. */
  readonly schema?: string | undefined
  /** Owns the schema and all in it: it migrates, removes records that are archived, forgets scopes. */
  readonly owner: string
  /** Writes and reads, and appends to the log; nothing that is in the log can it change. */
  readonly application: string
  /** Reads what a report is made of. */
  readonly reader: string
}

/** What reports are made of: all but the traces of writes that are tried again. */
const READ = [
  ...['meta', 'audit_log', 'audit_head', 'audit_cuts', 'audit_spans', 'forgotten_scopes'],
  ...['usage', 'grants', 'cooldowns', 'snapshot', 'sessions', 'session_played', 'nodes'],
]

/**
 * What the application needs beside reading. Of the log: to append, no more. Its end, and what is told of its records, is
 * written by triggers, which act as the owner. What tells rows apart cannot be changed in them.
 */
const WRITTEN: Readonly<Record<string, string>> = {
  audit_log: 'insert',
  usage: 'insert, update (duration_ms)',
  grants: 'insert, update (granted_ms)',
  cooldowns: 'insert, update (until), delete',
  snapshot: 'insert, update (revision, state)',
  sessions: `insert, update (run, report, deadline, last_reported_at, ended_at, duration_ms, reserved_day, reserved_ms, detail)`,
  session_played: 'insert, update (played_ms)',
  nodes: 'insert, update (seen_at, clock_skew_ms)',
  // Never updated: its rows are locked before they are removed, which asks for the right.
  operations: 'select, insert, update (applied_at), delete',
  writers: 'select, insert, update (last_group, applied, last_audit_id, seen_at), delete',
}

/**
 * SQL that splits the rights to a store among three roles, in one transaction, on PostgreSQL 13 or newer: for a superuser,
 * or for a role that may create roles, owns what there is of the schema and may create one. Once the owner is set up, it
 * can run it too.
 *
 * Roles that are missing are made with LOGIN and without a password: nobody comes in by one before it is set. The schema
 * is made where it is missing; it, its tables, views, sequences and routines become the owner's; what anyone else was granted
 * on it, on one of them or on a column, or by default on what the owner makes in it, is taken back, and the two are granted
 * theirs anew. Who else shall read is made a member of the reader. May be repeated, and has to be when the owner has made
 * the tables, or migrated them: new tables can be read until then, and not written, and what the owner grants by default in
 * every schema holds for them.
 *
 * It fails, and changes nothing, when the application or the reader, or any role that one of them is a member of, at once or
 * by others, whether it inherits from it or not, could get round it: a superuser, the owner, one that creates roles,
 * replicates or passes by row security, `pg_write_all_data`, `pg_write_server_files`, `pg_execute_server_program`, or one
 * with a right to change the log. It does not look at who else is a superuser or a member of the owner.
 * @throws StoreError `INVALID_ARGUMENT` for names that are no lower-case identifiers, are reserved, or are not three.
 */
export function postgresRoles(roles: PostgresRoles): string {
  checkFields(roles, ['schema', 'owner', 'application', 'reader'], 'roles')
  const schema = checkIdentifier('schema', roles.schema ?? 'shepherd')
  const [owner, application, reader] = (['owner', 'application', 'reader'] as const).map((role) =>
    checkRole(role, roles[role]),
  ) as [string, string, string]
  if (new Set([owner, application, reader]).size < 3) {
    throw new StoreError('INVALID_ARGUMENT', 'owner, application and reader must be three roles')
  }
  return `-- Who may do what in the schema ${schema} of shepherd-store. May be run again, and has to be after each migration.
begin;

do $$
declare
  role text;
begin
  foreach role in array array['${owner}', '${application}', '${reader}'] loop
    if not exists (select from pg_catalog.pg_roles where rolname = role) then
      execute format('create role %I login', role);
    end if;
  end loop;
  -- Only a member can give something to the owner. A superuser counts as one of every role.
  if not pg_has_role('${owner}', 'usage') then
    execute format('grant %I to %I', '${owner}', current_user);
  end if;
end $$;

-- All is the owner's.
do $$
declare
  statement text;
begin
  if to_regnamespace('"${schema}"') is null then
    create schema "${schema}" authorization "${owner}";
  end if;
  for statement in
    select format('alter schema %I owner to %I', nspname, '${owner}') from pg_catalog.pg_namespace
    where nspname = '${schema}' and nspowner <> '${owner}'::regrole
    union all
    select format('alter table %s owner to %I', oid::regclass, '${owner}') from pg_catalog.pg_class
    where relnamespace = to_regnamespace('"${schema}"') and relowner <> '${owner}'::regrole
      and (relkind in ('r', 'p', 'v', 'm', 'f') or relkind = 'S' and not exists (
        -- One that belongs to a column follows its table.
        select from pg_catalog.pg_depend
        where classid = 'pg_class'::regclass and objid = pg_class.oid
          and refclassid = 'pg_class'::regclass and deptype in ('a', 'i')))
    union all
    -- What acted with the rights of another role must not act with the owner's.
    select format('alter routine %s security invoker', oid::regprocedure) from pg_catalog.pg_proc
    where pronamespace = to_regnamespace('"${schema}"') and proowner <> '${owner}'::regrole
      and prosecdef and proname not in ('link_record', 'move_end', 'tell_span')
    union all
    select format('alter routine %s owner to %I', oid::regprocedure, '${owner}') from pg_catalog.pg_proc
    where pronamespace = to_regnamespace('"${schema}"') and proowner <> '${owner}'::regrole
  loop
    execute statement;
  end loop;
end $$;

-- Nothing that was granted before remains, to whomever, nor what they granted further.
do $$
declare
  grantee text;
  kind text;
begin
  for grantee in
    select distinct case given.grantee when 0 then 'public' else given.grantee::regrole::text end from (
      select nspacl from pg_catalog.pg_namespace where nspname = '${schema}'
      union all
      select relacl from pg_catalog.pg_class where relnamespace = to_regnamespace('"${schema}"')
      union all
      select attacl from pg_catalog.pg_attribute join pg_catalog.pg_class on pg_class.oid = attrelid
      where relnamespace = to_regnamespace('"${schema}"') and not attisdropped
      union all
      select coalesce(proacl, acldefault('f', proowner)) from pg_catalog.pg_proc
      where pronamespace = to_regnamespace('"${schema}"')
      union all
      select defaclacl from pg_catalog.pg_default_acl
      where defaclnamespace = to_regnamespace('"${schema}"') and defaclrole = '${owner}'::regrole
    ) as rights (acl), aclexplode(acl) as given
    where given.grantee <> '${owner}'::regrole
  loop
    execute format('revoke all on schema "${schema}" from %s cascade', grantee);
    foreach kind in array array['tables', 'sequences', 'routines'] loop
      execute format('revoke all on all %s in schema "${schema}" from %s cascade', kind, grantee);
    end loop;
    foreach kind in array array['tables', 'sequences', 'routines', 'types'] loop
      execute format('alter default privileges for role "${owner}" in schema "${schema}" revoke all on %s from %s', kind, grantee);
    end loop;
  end loop;
end $$;

grant usage on schema "${schema}" to "${application}", "${reader}";
alter default privileges for role "${owner}" in schema "${schema}" grant select on tables to "${application}", "${reader}";

-- Tables that are not there yet get theirs the next time.
do $$
declare
  statement text;
begin
  for statement in
    select format('grant %s on %I.%I to %s', rights, schemaname, tablename, roles) from pg_catalog.pg_tables
    join (values
${grants(application, reader).join(',\n')}
    ) as given (name, rights, roles) on schemaname = '${schema}' and tablename = name
  loop
    execute statement;
  end loop;
end $$;

-- Roles that could get round it all. What SET ROLE can make of them counts, also where they inherit nothing.
do $$
declare
  role text;
  threat record;
begin
  foreach role in array array['${application}', '${reader}'] loop
    if not has_database_privilege(role, current_database(), 'connect') then
      execute format('grant connect on database %I to %I', current_database(), role);
    end if;
    select name, problem into threat from (
      select rolname as name, case
        when rolsuper then 'is a superuser'
        when rolname = '${owner}' then 'owns the log'
        when rolname in ('pg_write_all_data', 'pg_write_server_files', 'pg_execute_server_program') then 'may write everywhere'
        when rolcreaterole then 'may create roles'
        when rolreplication then 'may replicate'
        when rolbypassrls then 'passes by row security'
        when role = '${reader}' and rolname = '${application}' then 'appends to it'
        when exists (
          select from pg_catalog.pg_class
          where relnamespace = to_regnamespace('"${schema}"') and relkind = 'r'
            and relname in ('audit_log', 'audit_head', 'audit_cuts', 'audit_spans', 'forgotten_scopes')
            and (has_table_privilege(pg_roles.oid, pg_class.oid, 'delete, truncate, trigger, references')
              or has_any_column_privilege(pg_roles.oid, pg_class.oid, 'update, references')
              or has_any_column_privilege(pg_roles.oid, pg_class.oid, 'insert')
                and (relname <> 'audit_log' or role = '${reader}'))
        ) then 'has rights to it that its owner did not grant'
      end as problem
      from pg_catalog.pg_roles where pg_has_role(role, oid, 'member')
    ) as powers
    where problem is not null
    -- Rights are told of last: who is a member has those of the others as well.
    order by problem like 'has rights%', name <> role, name limit 1;
    if threat.name is not null then
      raise exception 'the role % could change the log: it %', role,
        case when threat.name = role then threat.problem else format('is a member of %s, which %s', threat.name, threat.problem) end;
    end if;
  end loop;
end $$;

commit;
`
}

function grants(application: string, reader: string): readonly string[] {
  return [
    ...READ.map((table) => `      ('${table}', 'select', '"${application}", "${reader}"')`),
    ...Object.entries(WRITTEN).map(([table, rights]) => `      ('${table}', '${rights}', '"${application}"')`),
  ]
}

function checkRole(field: string, name: string): string {
  checkIdentifier(field, name)
  if (!/^(pg_.*|public|none)$/.test(name)) return name
  throw new StoreError('INVALID_ARGUMENT', `${field} must not be ${name}: PostgreSQL keeps that name for itself`)
}
