create table "shepherd"."meta" ("key" text collate "C" not null primary key, "value" text collate "C" not null);
create table "shepherd"."audit_log" ("id" bigint not null primary key, "timestamp" timestamptz(3) not null, "scope" text collate "C" not null, "node" text collate "C" not null, "type" text collate "C" not null, "entry_id" text collate "C", "session_id" text collate "C", "event" json not null, "original_id" bigint, "original_timestamp" text collate "C", "original_event" text collate "C", "digest" text collate "C" not null, "hash" text collate "C" not null, constraint "audit_log_id" check (id >= 1));
create index "audit_log_scope" on "shepherd"."audit_log" ("scope", "id");
create table "shepherd"."usage" ("scope" text collate "C" not null, "day" date not null, "entry_id" text collate "C" not null, "node" text collate "C" not null, "duration_ms" bigint not null, constraint "usage_key" primary key ("scope", "day", "entry_id", "node"), constraint "usage_duration" check (duration_ms between 0 and 9007199254740991));
create table "shepherd"."cooldowns" ("scope" text collate "C" not null, "entry_id" text collate "C" not null, "until" timestamptz(3) not null, constraint "cooldowns_key" primary key ("scope", "entry_id"));
create table "shepherd"."snapshot" ("scope" text collate "C" not null, "node" text collate "C" not null, "revision" bigint not null, "state" json not null, constraint "snapshot_key" primary key ("scope", "node"));
create table "shepherd"."operations" ("scope" text collate "C" not null, "operation_id" text collate "C" not null, "digest" text collate "C" not null, "applied_at" timestamptz(3) not null, "first_audit_id" bigint not null, "audit_count" bigint not null, constraint "operations_key" primary key ("scope", "operation_id"));
create index "operations_applied_at" on "shepherd"."operations" ("applied_at");
create table "shepherd".audit_head (
       one boolean primary key default true check (one),
       last_id bigint not null,
       last_hash text not null);
insert into "shepherd".audit_head (last_id, last_hash) values (0, '0000000000000000000000000000000000000000000000000000000000000000');
create table "shepherd".writers (
       writer text collate "C" primary key,
       last_group bigint not null,
       applied text not null,
       last_audit_id bigint not null,
       seen_at timestamptz not null);
create function "shepherd".link_record() returns trigger language plpgsql as $$
     begin
       update "shepherd".audit_head
       set last_id = last_id + 1,
           last_hash = encode(sha256(
             decode(last_hash, 'hex') || int8send(last_id + 1) || decode(new.digest, 'hex')), 'hex')
       returning last_id, last_hash into new.id, new.hash;
       return new;
     end $$;
create function "shepherd".refuse_change() returns trigger language plpgsql as $$
     begin
       raise exception 'the audit log is append-only: its records cannot be changed or removed';
     end $$;
create trigger audit_log_in_order before insert on "shepherd".audit_log
     for each row execute function "shepherd".link_record();
create trigger audit_log_append_only before update or delete on "shepherd".audit_log
     for each row execute function "shepherd".refuse_change();
create trigger audit_log_no_truncate before truncate on "shepherd".audit_log
     for each statement execute function "shepherd".refuse_change();
alter table "shepherd".audit_log enable always trigger audit_log_in_order;
alter table "shepherd".audit_log enable always trigger audit_log_append_only;
alter table "shepherd".audit_log enable always trigger audit_log_no_truncate;
-- Version 2.
create table "shepherd"."sessions" ("scope" text collate "C" not null, "session_id" text collate "C" not null, "node" text collate "C" not null, "run" text collate "C" not null, "report" bigint not null, "entry_id" text collate "C" not null, "started_at" timestamptz(3) not null, "deadline" timestamptz(3), "last_reported_at" timestamptz(3) not null, "ended_at" timestamptz(3), "duration_ms" bigint not null, "reserved_day" date, "reserved_ms" bigint not null, "detail" json not null, constraint "sessions_key" primary key ("scope", "session_id"), constraint "sessions_duration" check ("duration_ms" between 0 and 9007199254740991), constraint "sessions_reserved" check ("reserved_ms" between 0 and 9007199254740991));
create unique index "sessions_open" on "shepherd"."sessions" ("scope", "node") where "ended_at" is null;
create index "sessions_reserved" on "shepherd"."sessions" ("scope", "reserved_day", "entry_id") where "ended_at" is null;
create index "sessions_open_started" on "shepherd"."sessions" ("started_at", "scope", "session_id") where "ended_at" is null;
create index "sessions_open_of_scope" on "shepherd"."sessions" ("scope", "started_at", "session_id") where "ended_at" is null;
create index "sessions_started" on "shepherd"."sessions" ("started_at", "scope", "session_id");
create index "sessions_of_scope" on "shepherd"."sessions" ("scope", "started_at", "session_id");
create table "shepherd"."session_played" ("scope" text collate "C" not null, "session_id" text collate "C" not null, "run" text collate "C" not null, "day" date not null, "played_ms" bigint not null, constraint "session_played_key" primary key ("scope", "session_id", "run", "day"), constraint "session_played_duration" check ("played_ms" between 0 and 9007199254740991));
create table "shepherd"."grants" ("scope" text collate "C" not null, "day" date not null, "entry_id" text collate "C" not null, "granted_ms" bigint not null, constraint "grants_key" primary key ("scope", "day", "entry_id"), constraint "grants_duration" check ("granted_ms" between 0 and 9007199254740991));
create table "shepherd"."nodes" ("node" text collate "C" not null primary key, "seen_at" timestamptz(3) not null, "clock_skew_ms" bigint);
