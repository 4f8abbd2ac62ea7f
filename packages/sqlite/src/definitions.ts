import { GENESIS_HASH } from '@shepherd-store/core'
import { SPAN_RECORDS } from '@shepherd-store/core/sql'

/** `shep` in ASCII: what `file` and SQLite's own tools know a store by. */
export const APPLICATION_ID = 0x73686570

/**
 * A trigger's RAISE stops what a program means to change. REPLACE deletes without asking delete triggers, so an insert
 * must carry the id that is due; an implicit id reads as -1 here, which never is.
 */
export const FIRST_DEFINITIONS: readonly string[] = [
  `create trigger audit_log_no_update before update on audit_log
   begin select raise(abort, 'the audit log is append-only: a record cannot be changed'); end`,
  `create trigger audit_log_no_delete before delete on audit_log
   begin select raise(abort, 'the audit log is append-only: a record cannot be removed'); end`,
  `create trigger audit_log_in_order before insert on audit_log
   when new.id is not (select coalesce(max(id), 0) + 1 from audit_log)
   begin select raise(abort, 'the audit log is append-only: the next id is the last one plus one'); end`,
]

/** As which a store acts that is not told its machine: nearly all records are of this node. */
export const USUAL_NODE = 'local'

/** The log's last record does not tell of it. */
const NOT_FORGOTTEN = `not exists (
       select 1 from audit_log where id = (select last_id from audit_head) and type = 'scope_forgotten'
       and scope = new.scope and json_extract(event, '$.through_id') = new.through_id and id > new.through_id)`

/**
 * The end of the log stands in a row of its own, so that a cut tail shows and no id is given twice. What may be removed,
 * and what may be erased, is said by a row that nobody can take back, and that follows on its record in the log.
 */
export const LOG_DEFINITIONS: readonly string[] = [
  // Each index costs a page a commit. A type, or an entry, of one scope or node is looked for among those of all, which are
  // few: in the index alone, without a look at their records.
  'create index audit_log_type on audit_log (type, id, scope, node)',
  'create index audit_log_entry on audit_log (entry_id, id, scope, node, type) where entry_id is not null',
  // A store of one machine has nothing in it, and pays nothing for it.
  `create index audit_log_node on audit_log (node, id, scope) where node <> '${USUAL_NODE}'`,

  `create table audit_head (
     one integer primary key not null check (one = 1),
     last_id integer not null,
     last_hash text not null) strict`,
  `insert into audit_head select 1, coalesce(max(id), 0),
     coalesce((select hash from audit_log order by id desc limit 1), '${GENESIS_HASH}') from audit_log`,

  ...['audit_log_no_update', 'audit_log_no_delete', 'audit_log_in_order'].map((name) => `drop trigger ${name}`),
  `create trigger audit_log_in_order before insert on audit_log
   when new.id is not (select last_id + 1 from audit_head)
   begin select raise(abort, 'the audit log is append-only: the next id is the last one plus one'); end`,
  `create trigger audit_log_appended after insert on audit_log
   begin update audit_head set last_id = new.id, last_hash = new.hash; end`,
  `create trigger audit_log_span after insert on audit_log when new.id % ${SPAN_RECORDS} = 0
   begin
     insert into audit_spans select substr(timestamp, 1, 10), new.id, min(timestamp), max(timestamp) from audit_log
     where id > new.id - ${SPAN_RECORDS} group by 1
     having not exists (select 1 from audit_spans where last_id = new.id and day = substr(timestamp, 1, 10));
   end`,
  `create trigger audit_log_no_update before update on audit_log
   when not (
     new.id = old.id and new.timestamp = old.timestamp and new.scope = old.scope and new.node = old.node
     and new.digest = old.digest and new.hash = old.hash
     and new.type = 'erased' and new.event = '{"type":"erased"}' and new.salt is null
     and new.entry_id is null and new.session_id is null
     and new.original_id is null and new.original_timestamp is null and new.original_event is null
     and old.content_digest is null and new.content_digest is not null
     and old.type not in ('records_archived', 'scope_forgotten')
     and old.id <= coalesce((select through_id from forgotten_scopes where scope = old.scope), 0))
   begin select raise(abort, 'the audit log is append-only: a record cannot be changed'); end`,
  `create trigger audit_log_no_delete before delete on audit_log
   when old.id > (select coalesce(max(through_id), 0) from audit_cuts)
   begin select raise(abort, 'the audit log is append-only: a record cannot be removed'); end`,

  `create trigger audit_head_forward before update on audit_head
   when not (
     new.one = 1 and new.last_id = old.last_id + 1
     and exists (select 1 from audit_log where id = new.last_id and hash = new.last_hash)
     or new.one = 1 and old.last_id = 0
     and exists (select 1 from audit_cuts where through_id = new.last_id and through_hash = new.last_hash))
   begin select raise(abort, 'the audit log is append-only: its end moves with the records that are appended'); end`,
  ...guards('audit_head', 'exists (select 1 from audit_head)'),

  `create trigger audit_cuts_begin after insert on audit_cuts when (select last_id from audit_head) = 0
   begin update audit_head set last_id = new.through_id, last_hash = new.through_hash; end`,
  `create trigger audit_cuts_no_update before update on audit_cuts
   begin select raise(abort, 'the audit log is append-only: a cut stays'); end`,
  ...guards(
    'audit_cuts',
    `new.through_id <= (select coalesce(max(through_id), 0) from audit_cuts)
     or ((select last_id from audit_head) > 0
       and (not exists (select 1 from audit_log where id = new.through_id and hash = new.through_hash)
         or not exists (
           select 1 from audit_log where id = (select last_id from audit_head) and type = 'records_archived'
           and json_extract(event, '$.through_id') = new.through_id and json_extract(event, '$.hash') = new.through_hash)))`,
  ),

  `create trigger forgotten_scopes_further before update on forgotten_scopes
   when new.scope is not old.scope or new.through_id < old.through_id or ${NOT_FORGOTTEN}
   begin select raise(abort, 'the audit log is append-only: what is forgotten stays so'); end`,
  ...guards(
    'forgotten_scopes',
    `${NOT_FORGOTTEN}
     or exists (select 1 from forgotten_scopes where scope = new.scope and through_id > new.through_id)`,
  ),

  `create trigger audit_spans_no_update before update on audit_spans
   begin select raise(abort, 'the audit log is append-only: what is told of its records stays'); end`,
  ...guards(
    'audit_spans',
    `exists (select 1 from audit_spans where day = new.day and last_id = new.last_id)
     or new.last_id % ${SPAN_RECORDS} is not 0 or not exists (select 1 from audit_log where id = new.last_id)
     or (new.first_at, new.last_at) is not (
       select min(timestamp), max(timestamp) from audit_log
       where id > new.last_id - ${SPAN_RECORDS} and id <= new.last_id and substr(timestamp, 1, 10) = new.day)`,
    'old.last_id > (select coalesce(max(through_id), 0) from audit_cuts)',
  ),
]

/** No row goes while it is `kept`, and none comes where `wrong` holds of it: REPLACE is an insert. */
function guards(table: string, wrong: string, kept = 'true'): readonly string[] {
  return [
    `create trigger ${table}_no_delete before delete on ${table} when ${kept}
   begin select raise(abort, 'the audit log is append-only: ${table} keeps its rows'); end`,
    `create trigger ${table}_no_insert before insert on ${table}
   when ${wrong}
   begin select raise(abort, 'the audit log is append-only: ${table} takes no such row'); end`,
  ]
}
