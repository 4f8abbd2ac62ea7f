import { GENESIS_HASH } from '@shepherd-store/core'

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
