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
 * is made where it is missing; it and all in it become the owner's; what others were granted on it is taken back. May be
 * repeated, and has to be when the owner has made the tables, or migrated them: new tables can be read until then, and not
 * written. It fails, and changes nothing, when the application or the reader could get round it: as a superuser, as one
 * that creates roles, as a member of the owner or of a role that may write everywhere.
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
    select format('alter table %I.%I owner to %I', schemaname, tablename, '${owner}') from pg_catalog.pg_tables
    where schemaname = '${schema}' and tableowner <> '${owner}'
    union all
    select format('alter function %s owner to %I', oid::regprocedure, '${owner}') from pg_catalog.pg_proc
    where pronamespace = to_regnamespace('"${schema}"') and prokind = 'f' and proowner <> '${owner}'::regrole
  loop
    execute statement;
  end loop;
end $$;

-- Nothing that was granted before remains.
revoke all on schema "${schema}" from public, "${application}", "${reader}";
revoke all on all tables in schema "${schema}" from public, "${application}", "${reader}";
revoke all on all functions in schema "${schema}" from public, "${application}", "${reader}";
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

-- Roles that could get round it all.
do $$
declare
  role text;
begin
  foreach role in array array['${application}', '${reader}'] loop
    if not has_database_privilege(role, current_database(), 'connect') then
      execute format('grant connect on database %I to %I', current_database(), role);
    end if;
    if pg_has_role(role, '${owner}', 'member') then
      raise exception 'the role % is a superuser, or a member of %: it could change the log', role, '${owner}';
    elsif exists (select from pg_catalog.pg_roles where rolname = role and rolcreaterole) then
      raise exception 'the role % may create roles: it could make itself one that changes the log', role;
    elsif exists (
      select from pg_catalog.pg_class
      where relnamespace = to_regnamespace('"${schema}"') and relkind = 'r'
        and relname in ('audit_log', 'audit_head', 'audit_cuts', 'audit_spans', 'forgotten_scopes')
        and (has_table_privilege(role, oid, 'delete, truncate, trigger, references')
          or has_any_column_privilege(role, oid, 'update, references')
          or has_any_column_privilege(role, oid, 'insert') and (relname <> 'audit_log' or role = '${reader}'))
    ) then
      raise exception 'the role % has rights to the log by another role that it is a member of', role;
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
