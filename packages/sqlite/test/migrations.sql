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
