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
