create table "meta" ("key" text not null primary key, "value" text not null) strict, without rowid;
create table "audit_log" ("id" integer not null primary key, "timestamp" text not null, "scope" text not null, "node" text not null, "type" text not null, "entry_id" text, "session_id" text, "event" text not null, "original_id" integer, "original_timestamp" text, "original_event" text, "digest" text not null, "hash" text not null, constraint "audit_log_id" check (id >= 1)) strict;
create index "audit_log_scope" on "audit_log" ("scope", "id");
create table "usage" ("scope" text not null, "day" text check (length(day) = 10) not null, "entry_id" text not null, "node" text not null, "duration_ms" integer not null, constraint "usage_key" primary key ("scope", "day", "entry_id", "node"), constraint "usage_duration" check (duration_ms between 0 and 9007199254740991)) strict, without rowid;
create table "cooldowns" ("scope" text not null, "entry_id" text not null, "until" text not null, constraint "cooldowns_key" primary key ("scope", "entry_id")) strict, without rowid;
create table "snapshot" ("scope" text not null, "node" text not null, "revision" integer not null, "state" text not null, constraint "snapshot_key" primary key ("scope", "node")) strict, without rowid;
create table "operations" ("scope" text not null, "operation_id" text not null, "digest" text not null, "applied_at" text not null, "first_audit_id" integer not null, "audit_count" integer not null, constraint "operations_key" primary key ("scope", "operation_id")) strict, without rowid;
create index "operations_applied_at" on "operations" ("applied_at");
create trigger audit_log_no_update before update on audit_log
   begin select raise(abort, 'the audit log is append-only: a record cannot be changed'); end;
create trigger audit_log_no_delete before delete on audit_log
   begin select raise(abort, 'the audit log is append-only: a record cannot be removed'); end;
create trigger audit_log_in_order before insert on audit_log
   when new.id is not (select coalesce(max(id), 0) + 1 from audit_log)
   begin select raise(abort, 'the audit log is append-only: the next id is the last one plus one'); end;
pragma application_id = 1936221552;
pragma user_version = 1;
-- Version 2.
create table "sessions" ("scope" text not null, "session_id" text not null, "node" text not null, "run" text not null, "report" integer not null, "entry_id" text not null, "started_at" text not null, "deadline" text, "last_reported_at" text not null, "ended_at" text, "duration_ms" integer not null, "reserved_day" text check (length(reserved_day) = 10), "reserved_ms" integer not null, "detail" text not null, constraint "sessions_key" primary key ("scope", "session_id"), constraint "sessions_duration" check ("duration_ms" between 0 and 9007199254740991), constraint "sessions_reserved" check ("reserved_ms" between 0 and 9007199254740991)) strict, without rowid;
create unique index "sessions_open" on "sessions" ("scope", "node") where "ended_at" is null;
create index "sessions_reserved" on "sessions" ("scope", "reserved_day", "entry_id") where "ended_at" is null;
create index "sessions_open_started" on "sessions" ("started_at", "scope", "session_id") where "ended_at" is null;
create index "sessions_open_of_scope" on "sessions" ("scope", "started_at", "session_id") where "ended_at" is null;
create index "sessions_started" on "sessions" ("started_at", "scope", "session_id");
create index "sessions_of_scope" on "sessions" ("scope", "started_at", "session_id");
create table "session_played" ("scope" text not null, "session_id" text not null, "run" text not null, "day" text check (length(day) = 10) not null, "played_ms" integer not null, constraint "session_played_key" primary key ("scope", "session_id", "run", "day"), constraint "session_played_duration" check ("played_ms" between 0 and 9007199254740991)) strict, without rowid;
create table "grants" ("scope" text not null, "day" text check (length(day) = 10) not null, "entry_id" text not null, "granted_ms" integer not null, constraint "grants_key" primary key ("scope", "day", "entry_id"), constraint "grants_duration" check ("granted_ms" between 0 and 9007199254740991)) strict, without rowid;
create table "nodes" ("node" text not null primary key, "seen_at" text not null, "clock_skew_ms" integer) strict, without rowid;
pragma application_id = 1936221552;
pragma user_version = 2;
-- Version 3.
alter table "audit_log" add column "salt" text;
alter table "audit_log" add column "content_digest" text;
create table "audit_cuts" ("through_id" integer not null primary key, "through_hash" text not null) strict, without rowid;
create table "forgotten_scopes" ("scope" text not null primary key, "through_id" integer not null) strict, without rowid;
create table "audit_spans" ("day" text check (length(day) = 10) not null, "last_id" integer not null, "first_at" text not null, "last_at" text not null, constraint "audit_spans_key" primary key ("last_id", "day")) strict, without rowid;
insert into "audit_spans" select substr("timestamp", 1, 10) as "day", (("id" - 1) / 1024 + 1) * 1024 as "last_id", min("timestamp") as "first_at", max("timestamp") as "last_at" from "audit_log" where (("id" - 1) / 1024 + 1) * 1024 <= (select max("id") as "id" from "audit_log") group by substr("timestamp", 1, 10), (("id" - 1) / 1024 + 1) * 1024;
create index "audit_spans_day" on "audit_spans" ("day", "last_id");
create index "audit_log_session" on "audit_log" ("session_id", "id") where "session_id" is not null;
create index audit_log_type on audit_log (type, id, scope, node);
create index audit_log_entry on audit_log (entry_id, id, scope, node, type) where entry_id is not null;
create index audit_log_node on audit_log (node, id, scope) where node <> 'local';
create table audit_head (
     one integer primary key not null check (one = 1),
     last_id integer not null,
     last_hash text not null) strict;
insert into audit_head select 1, coalesce(max(id), 0),
     coalesce((select hash from audit_log order by id desc limit 1), '0000000000000000000000000000000000000000000000000000000000000000') from audit_log;
drop trigger audit_log_no_update;
drop trigger audit_log_no_delete;
drop trigger audit_log_in_order;
create trigger audit_log_in_order before insert on audit_log
   when new.id is not (select last_id + 1 from audit_head)
   begin select raise(abort, 'the audit log is append-only: the next id is the last one plus one'); end;
create trigger audit_log_appended after insert on audit_log
   begin update audit_head set last_id = new.id, last_hash = new.hash; end;
create trigger audit_log_span after insert on audit_log when new.id % 1024 = 0
   begin
     insert into audit_spans select substr(timestamp, 1, 10), new.id, min(timestamp), max(timestamp) from audit_log
     where id > new.id - 1024 group by 1
     having not exists (select 1 from audit_spans where last_id = new.id and day = substr(timestamp, 1, 10));
   end;
create trigger audit_log_no_update before update on audit_log
   when not (
     new.id = old.id and new.timestamp = old.timestamp and new.scope = old.scope and new.node = old.node
     and new.digest = old.digest and new.hash = old.hash
     and new.type = 'erased' and new.event = '{"type":"erased"}' and new.salt is null
     and new.entry_id is null and new.session_id is null
     and new.original_id is null and new.original_timestamp is null and new.original_event is null
     and old.content_digest is null and new.content_digest is not null
     and old.type not in ('records_archived', 'scope_forgotten')
     and old.id <= coalesce((select through_id from forgotten_scopes where scope = old.scope), 0))
   begin select raise(abort, 'the audit log is append-only: a record cannot be changed'); end;
create trigger audit_log_no_delete before delete on audit_log
   when old.id > (select coalesce(max(through_id), 0) from audit_cuts)
   begin select raise(abort, 'the audit log is append-only: a record cannot be removed'); end;
create trigger audit_head_forward before update on audit_head
   when not (
     new.one = 1 and new.last_id = old.last_id + 1
     and exists (select 1 from audit_log where id = new.last_id and hash = new.last_hash)
     or new.one = 1 and old.last_id = 0
     and exists (select 1 from audit_cuts where through_id = new.last_id and through_hash = new.last_hash))
   begin select raise(abort, 'the audit log is append-only: its end moves with the records that are appended'); end;
create trigger audit_head_no_delete before delete on audit_head when true
   begin select raise(abort, 'the audit log is append-only: audit_head keeps its rows'); end;
create trigger audit_head_no_insert before insert on audit_head
   when exists (select 1 from audit_head)
   begin select raise(abort, 'the audit log is append-only: audit_head takes no such row'); end;
create trigger audit_cuts_begin after insert on audit_cuts when (select last_id from audit_head) = 0
   begin update audit_head set last_id = new.through_id, last_hash = new.through_hash; end;
create trigger audit_cuts_no_update before update on audit_cuts
   begin select raise(abort, 'the audit log is append-only: a cut stays'); end;
create trigger audit_cuts_no_delete before delete on audit_cuts when true
   begin select raise(abort, 'the audit log is append-only: audit_cuts keeps its rows'); end;
create trigger audit_cuts_no_insert before insert on audit_cuts
   when new.through_id <= (select coalesce(max(through_id), 0) from audit_cuts)
     or ((select last_id from audit_head) > 0
       and (not exists (select 1 from audit_log where id = new.through_id and hash = new.through_hash)
         or not exists (
           select 1 from audit_log where id = (select last_id from audit_head) and type = 'records_archived'
           and json_extract(event, '$.through_id') = new.through_id and json_extract(event, '$.hash') = new.through_hash)))
   begin select raise(abort, 'the audit log is append-only: audit_cuts takes no such row'); end;
create trigger forgotten_scopes_further before update on forgotten_scopes
   when new.scope is not old.scope or new.through_id < old.through_id or not exists (
       select 1 from audit_log where id = (select last_id from audit_head) and type = 'scope_forgotten'
       and scope = new.scope and json_extract(event, '$.through_id') = new.through_id and id > new.through_id)
   begin select raise(abort, 'the audit log is append-only: what is forgotten stays so'); end;
create trigger forgotten_scopes_no_delete before delete on forgotten_scopes when true
   begin select raise(abort, 'the audit log is append-only: forgotten_scopes keeps its rows'); end;
create trigger forgotten_scopes_no_insert before insert on forgotten_scopes
   when not exists (
       select 1 from audit_log where id = (select last_id from audit_head) and type = 'scope_forgotten'
       and scope = new.scope and json_extract(event, '$.through_id') = new.through_id and id > new.through_id)
     or exists (select 1 from forgotten_scopes where scope = new.scope and through_id > new.through_id)
   begin select raise(abort, 'the audit log is append-only: forgotten_scopes takes no such row'); end;
create trigger audit_spans_no_update before update on audit_spans
   begin select raise(abort, 'the audit log is append-only: what is told of its records stays'); end;
create trigger audit_spans_no_delete before delete on audit_spans when old.last_id > (select coalesce(max(through_id), 0) from audit_cuts)
   begin select raise(abort, 'the audit log is append-only: audit_spans keeps its rows'); end;
create trigger audit_spans_no_insert before insert on audit_spans
   when exists (select 1 from audit_spans where day = new.day and last_id = new.last_id)
     or new.last_id % 1024 is not 0 or not exists (select 1 from audit_log where id = new.last_id)
     or (new.first_at, new.last_at) is not (
       select min(timestamp), max(timestamp) from audit_log
       where id > new.last_id - 1024 and id <= new.last_id and substr(timestamp, 1, 10) = new.day)
   begin select raise(abort, 'the audit log is append-only: audit_spans takes no such row'); end;
pragma application_id = 1936221552;
pragma user_version = 3;
