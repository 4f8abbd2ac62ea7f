import { GENESIS_HASH } from '@shepherd-store/core'
import { SPAN_RECORDS } from '@shepherd-store/core/sql'

/**
 * What PostgreSQL needs beside the shared tables. ALWAYS: triggers of the ordinary kind stay silent when a session sets
 * `session_replication_role` to `replica`.
 */
export function firstDefinitions(name: string): readonly string[] {
  const schema = `"${name}"`
  const log = `${schema}.audit_log`
  return [
    // The end of the log. Whoever appends holds its lock.
    `create table ${schema}.audit_head (
       one boolean primary key default true check (one),
       last_id bigint not null,
       last_hash text not null)`,
    `insert into ${schema}.audit_head (last_id, last_hash) values (0, '${GENESIS_HASH}')`,
    // Each store that wrote: the number of its last group, and what that group did.
    `create table ${schema}.writers (
       writer text collate "C" primary key,
       last_group bigint not null,
       applied text not null,
       last_audit_id bigint not null,
       seen_at timestamptz not null)`,
    // The next id, and the chain's next link: linkHash of core, over the bytes of the last hash, the id and the digest.
    `create function ${schema}.link_record() returns trigger language plpgsql as $$
     begin
       update ${schema}.audit_head
       set last_id = last_id + 1,
           last_hash = encode(sha256(
             decode(last_hash, 'hex') || int8send(last_id + 1) || decode(new.digest, 'hex')), 'hex')
       returning last_id, last_hash into new.id, new.hash;
       return new;
     end $$`,
    `create function ${schema}.refuse_change() returns trigger language plpgsql as $$
     begin
       raise exception 'the audit log is append-only: its records cannot be changed or removed';
     end $$`,
    `create trigger audit_log_in_order before insert on ${log}
     for each row execute function ${schema}.link_record()`,
    `create trigger audit_log_append_only before update or delete on ${log}
     for each row execute function ${schema}.refuse_change()`,
    `create trigger audit_log_no_truncate before truncate on ${log}
     for each statement execute function ${schema}.refuse_change()`,
    ...['audit_log_in_order', 'audit_log_append_only', 'audit_log_no_truncate'].map(
      (trigger) => `alter table ${log} enable always trigger ${trigger}`,
    ),
  ]
}

/**
 * The end of the log moves with the records that are appended, by whomever: the function that moves it acts as the owner,
 * and nobody else has a right to the row. What may be removed, and what may be erased, is said by a row that nobody can
 * take back.
 */
export function logDefinitions(name: string): readonly string[] {
  const schema = `"${name}"`
  const [log, head, cuts] = [`${schema}.audit_log`, `${schema}.audit_head`, `${schema}.audit_cuts`]
  const forgotten = `${schema}.forgotten_scopes`
  const spans = `${schema}.audit_spans`
  return [
    // As the owner, and for its own table alone: a role could put its trigger on a table of its own.
    ...ownersFunction(
      `${schema}.link_record`,
      `if tg_relid <> '${log}'::regclass then
         raise exception 'the audit log is append-only: its end moves with the records that are appended';
       end if;
       -- The records of one statement follow on each other; the end of the log is moved once, behind the last of them.
       declare
         stated_id bigint;
         stated_hash text;
       begin
         select last_id, last_hash into stated_id, stated_hash from ${head} for update;
         select id, hash into new.id, new.hash from ${log} where id > stated_id order by id desc limit 1;
         new.id := coalesce(new.id, stated_id) + 1;
         new.hash := encode(sha256(decode(coalesce(new.hash, stated_hash), 'hex')
           || int8send(new.id) || decode(new.digest, 'hex')), 'hex');
         return new;
       end;`,
    ),
    ...ownersFunction(
      `${schema}.move_end`,
      `if tg_relid <> '${log}'::regclass then
         raise exception 'the audit log is append-only: its end moves with the records that are appended';
       end if;
       update ${head} set last_id = id, last_hash = hash
       from (select id, hash from ${log} order by id desc limit 1) as last where id > last_id;
       return null;`,
    ),
    ...ownersFunction(
      `${schema}.tell_span`,
      `if tg_relid <> '${log}'::regclass then
         raise exception 'the audit log is append-only: what is told of its records is told by itself';
       end if;
       insert into ${spans} select ("timestamp" at time zone 'UTC')::date, new.id, min("timestamp"), max("timestamp")
       from ${log} where id > new.id - ${SPAN_RECORDS} and id <= new.id group by 1 on conflict do nothing;
       return null;`,
    ),
    guardFunction(
      `${schema}.true_span`,
      `if new.last_id % ${SPAN_RECORDS} = 0 and exists (select from ${log} where id = new.last_id)
         and (new.first_at, new.last_at) = (
           select min("timestamp"), max("timestamp") from ${log}
           where id > new.last_id - ${SPAN_RECORDS} and id <= new.last_id
             and ("timestamp" at time zone 'UTC')::date = new.day) then
         return new;
       end if;
       raise exception 'the audit log is append-only: what is told of its records is what they say';`,
    ),
    guardFunction(
      `${schema}.erase_record`,
      `if new.id = old.id and new."timestamp" = old."timestamp" and new.scope = old.scope and new.node = old.node
         and new.digest = old.digest and new.hash = old.hash
         and new.type = 'erased' and new.event::text = '{"type":"erased"}' and new.salt is null
         and new.entry_id is null and new.session_id is null
         and new.original_id is null and new.original_timestamp is null and new.original_event is null
         and old.content_digest is null and new.content_digest is not null
         and old.type not in ('records_archived', 'scope_forgotten')
         and old.id <= coalesce((select through_id from ${forgotten} where scope = old.scope), 0) then
         return new;
       end if;
       raise exception 'the audit log is append-only: a record cannot be changed';`,
    ),
    guardFunction(
      `${schema}.remove_record`,
      `if old.id <= (select coalesce(max(through_id), 0) from ${cuts}) then return old; end if;
       raise exception 'the audit log is append-only: a record cannot be removed';`,
    ),
    guardFunction(
      `${schema}.remove_span`,
      `if old.last_id <= (select coalesce(max(through_id), 0) from ${cuts}) then return old; end if;
       raise exception 'the audit log is append-only: what is told of its records stays as long as they do';`,
    ),
    guardFunction(
      `${schema}.move_head`,
      `-- Those that append, and that begin the log, are triggers.
       if pg_trigger_depth() > 1 and new.one and (
         new.last_id > old.last_id and exists (select from ${log} where id = new.last_id and hash = new.last_hash)
         or old.last_id = 0 and exists (
           select from ${cuts} where through_id = new.last_id and through_hash = new.last_hash)) then
         return new;
       end if;
       raise exception 'the audit log is append-only: its end moves with the records that are appended';`,
    ),
    // After the row is there: a log that is empty begins behind it.
    guardFunction(
      `${schema}.cut_log`,
      `if new.through_id <= 0 or exists (select from ${cuts} where through_id > new.through_id) then
         raise exception 'the audit log is append-only: it is cut there already';
       end if;
       if exists (select from ${log} where id = new.through_id and hash = new.through_hash) then
         if exists (
           select from ${log} where id = (select last_id from ${head}) and type = 'records_archived'
           and (event->>'through_id')::bigint = new.through_id and event->>'hash' = new.through_hash) then
           return null;
         end if;
         raise exception 'the audit log is append-only: it is cut when its last record tells of an archive';
       end if;
       update ${head} set last_id = new.through_id, last_hash = new.through_hash where last_id = 0;
       if not found then raise exception 'the audit log is append-only: it is cut at a record'; end if;
       return null;`,
    ),
    guardFunction(
      `${schema}.forget_scope`,
      `if exists (
           select from ${log} where id = (select last_id from ${head}) and type = 'scope_forgotten'
           and scope = new.scope and (event->>'through_id')::bigint = new.through_id and id > new.through_id)
         and (tg_op = 'INSERT' or new.scope = old.scope and new.through_id >= old.through_id) then
         return new;
       end if;
       raise exception 'the audit log is append-only: what is forgotten stays so';`,
    ),

    // What is asked within a scope is found in the order of the log.
    `create index audit_log_type on ${log} (scope, type, id)`,
    `create index audit_log_entry on ${log} (scope, entry_id, id) where entry_id is not null`,
    // A fleet is asked about a machine, and about all its scopes.
    `create index audit_log_node on ${log} (node, id)`,
    `create index audit_log_all_type on ${log} (type, id)`,
    `create index audit_log_all_entry on ${log} (entry_id, id) where entry_id is not null`,

    `drop trigger audit_log_append_only on ${log}`,
    ...[
      `audit_log_no_update before update on ${log} for each row execute function ${schema}.erase_record()`,
      `audit_log_no_delete before delete on ${log} for each row execute function ${schema}.remove_record()`,
      `audit_log_appended after insert on ${log} for each statement execute function ${schema}.move_end()`,
      `audit_log_span after insert on ${log} for each row when (new.id % ${SPAN_RECORDS} = 0)
       execute function ${schema}.tell_span()`,
      `audit_head_forward before update on ${head} for each row execute function ${schema}.move_head()`,
      `audit_head_one before insert or delete on ${head} for each row execute function ${schema}.refuse_change()`,
      `audit_cuts_further after insert on ${cuts} for each row execute function ${schema}.cut_log()`,
      `audit_cuts_stay before update or delete on ${cuts} for each row execute function ${schema}.refuse_change()`,
      `forgotten_scopes_further before insert or update on ${forgotten}
       for each row execute function ${schema}.forget_scope()`,
      `forgotten_scopes_stay before delete on ${forgotten} for each row execute function ${schema}.refuse_change()`,
      `audit_spans_true before insert on ${spans} for each row execute function ${schema}.true_span()`,
      `audit_spans_stay before update on ${spans} for each row execute function ${schema}.refuse_change()`,
      `audit_spans_no_delete before delete on ${spans} for each row execute function ${schema}.remove_span()`,
      ...[head, cuts, forgotten, spans].map(
        (table) =>
          `no_truncate before truncate on ${table} for each statement execute function ${schema}.refuse_change()`,
      ),
    ].flatMap(alwaysTrigger),
  ]
}

/** It acts with the owner's rights, whoever's insert it is. No role may make a trigger of it. */
function ownersFunction(name: string, body: string): readonly string[] {
  return [
    triggerFunction('create or replace', name, 'security definer ', body),
    `revoke execute on function ${name}() from public`,
  ]
}

function guardFunction(name: string, body: string): string {
  return triggerFunction('create', name, '', body)
}

/** Whatever the caller's search path puts before `max` or `<=`. */
function triggerFunction(create: string, name: string, rights: string, body: string): string {
  return `${create} function ${name}() returns trigger language plpgsql
     ${rights}set search_path = pg_catalog, pg_temp as $$
     begin
       ${body}
     end $$`
}

/** Triggers of the ordinary kind stay silent when a session sets `session_replication_role` to `replica`. */
function alwaysTrigger(definition: string): readonly string[] {
  const [, trigger, table] = /^(\S+) .*? on (\S+)/s.exec(definition) ?? []
  return [`create trigger ${definition}`, `alter table ${table} enable always trigger ${trigger}`]
}
