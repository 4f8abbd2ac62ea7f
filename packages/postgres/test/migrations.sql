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
-- Version 3.
alter table "shepherd"."audit_log" add column "salt" text collate "C";
alter table "shepherd"."audit_log" add column "content_digest" text collate "C";
create table "shepherd"."audit_cuts" ("through_id" bigint not null primary key, "through_hash" text collate "C" not null);
create table "shepherd"."forgotten_scopes" ("scope" text collate "C" not null primary key, "through_id" bigint not null);
create table "shepherd"."audit_spans" ("day" date not null, "last_id" bigint not null, "first_at" timestamptz(3) not null, "last_at" timestamptz(3) not null, constraint "audit_spans_key" primary key ("last_id", "day"));
insert into "shepherd"."audit_spans" select cast("timestamp" at time zone 'UTC' as date) as "day", (("id" - 1) / 1024 + 1) * 1024 as "last_id", min("timestamp") as "first_at", max("timestamp") as "last_at" from "shepherd"."audit_log" where (("id" - 1) / 1024 + 1) * 1024 <= (select max("id") as "id" from "shepherd"."audit_log") group by cast("timestamp" at time zone 'UTC' as date), (("id" - 1) / 1024 + 1) * 1024;
create index "audit_spans_day" on "shepherd"."audit_spans" ("day", "last_id");
create index "audit_log_session" on "shepherd"."audit_log" ("session_id", "id") where "session_id" is not null;
create or replace function "shepherd".link_record() returns trigger language plpgsql
     security definer set search_path = pg_catalog, pg_temp as $$
     begin
       if tg_relid <> '"shepherd".audit_log'::regclass then
         raise exception 'the audit log is append-only: its end moves with the records that are appended';
       end if;
       -- The records of one statement follow on each other; the end of the log is moved once, behind the last of them.
       declare
         stated_id bigint;
         stated_hash text;
       begin
         select last_id, last_hash into stated_id, stated_hash from "shepherd".audit_head for update;
         select id, hash into new.id, new.hash from "shepherd".audit_log where id > stated_id order by id desc limit 1;
         new.id := coalesce(new.id, stated_id) + 1;
         new.hash := encode(sha256(decode(coalesce(new.hash, stated_hash), 'hex')
           || int8send(new.id) || decode(new.digest, 'hex')), 'hex');
         return new;
       end;
     end $$;
revoke execute on function "shepherd".link_record() from public;
create or replace function "shepherd".move_end() returns trigger language plpgsql
     security definer set search_path = pg_catalog, pg_temp as $$
     begin
       if tg_relid <> '"shepherd".audit_log'::regclass then
         raise exception 'the audit log is append-only: its end moves with the records that are appended';
       end if;
       update "shepherd".audit_head set last_id = id, last_hash = hash
       from (select id, hash from "shepherd".audit_log order by id desc limit 1) as last where id > last_id;
       return null;
     end $$;
revoke execute on function "shepherd".move_end() from public;
create or replace function "shepherd".tell_span() returns trigger language plpgsql
     security definer set search_path = pg_catalog, pg_temp as $$
     begin
       if tg_relid <> '"shepherd".audit_log'::regclass then
         raise exception 'the audit log is append-only: what is told of its records is told by itself';
       end if;
       insert into "shepherd".audit_spans select ("timestamp" at time zone 'UTC')::date, new.id, min("timestamp"), max("timestamp")
       from "shepherd".audit_log where id > new.id - 1024 and id <= new.id group by 1 on conflict do nothing;
       return null;
     end $$;
revoke execute on function "shepherd".tell_span() from public;
create function "shepherd".true_span() returns trigger language plpgsql
     set search_path = pg_catalog, pg_temp as $$
     begin
       if new.last_id % 1024 = 0 and exists (select from "shepherd".audit_log where id = new.last_id)
         and (new.first_at, new.last_at) = (
           select min("timestamp"), max("timestamp") from "shepherd".audit_log
           where id > new.last_id - 1024 and id <= new.last_id
             and ("timestamp" at time zone 'UTC')::date = new.day) then
         return new;
       end if;
       raise exception 'the audit log is append-only: what is told of its records is what they say';
     end $$;
create function "shepherd".erase_record() returns trigger language plpgsql
     set search_path = pg_catalog, pg_temp as $$
     begin
       if new.id = old.id and new."timestamp" = old."timestamp" and new.scope = old.scope and new.node = old.node
         and new.digest = old.digest and new.hash = old.hash
         and new.type = 'erased' and new.event::text = '{"type":"erased"}' and new.salt is null
         and new.entry_id is null and new.session_id is null
         and new.original_id is null and new.original_timestamp is null and new.original_event is null
         and old.content_digest is null and new.content_digest is not null
         and old.type not in ('records_archived', 'scope_forgotten')
         and old.id <= coalesce((select through_id from "shepherd".forgotten_scopes where scope = old.scope), 0) then
         return new;
       end if;
       raise exception 'the audit log is append-only: a record cannot be changed';
     end $$;
create function "shepherd".remove_record() returns trigger language plpgsql
     set search_path = pg_catalog, pg_temp as $$
     begin
       if old.id <= (select coalesce(max(through_id), 0) from "shepherd".audit_cuts) then return old; end if;
       raise exception 'the audit log is append-only: a record cannot be removed';
     end $$;
create function "shepherd".remove_span() returns trigger language plpgsql
     set search_path = pg_catalog, pg_temp as $$
     begin
       if old.last_id <= (select coalesce(max(through_id), 0) from "shepherd".audit_cuts) then return old; end if;
       raise exception 'the audit log is append-only: what is told of its records stays as long as they do';
     end $$;
create function "shepherd".move_head() returns trigger language plpgsql
     set search_path = pg_catalog, pg_temp as $$
     begin
       -- Those that append, and that begin the log, are triggers.
       if pg_trigger_depth() > 1 and new.one and (
         new.last_id > old.last_id and exists (select from "shepherd".audit_log where id = new.last_id and hash = new.last_hash)
         or old.last_id = 0 and exists (
           select from "shepherd".audit_cuts where through_id = new.last_id and through_hash = new.last_hash)) then
         return new;
       end if;
       raise exception 'the audit log is append-only: its end moves with the records that are appended';
     end $$;
create function "shepherd".cut_log() returns trigger language plpgsql
     set search_path = pg_catalog, pg_temp as $$
     begin
       if new.through_id <= 0 or exists (select from "shepherd".audit_cuts where through_id > new.through_id) then
         raise exception 'the audit log is append-only: it is cut there already';
       end if;
       if exists (select from "shepherd".audit_log where id = new.through_id and hash = new.through_hash) then
         if exists (
           select from "shepherd".audit_log where id = (select last_id from "shepherd".audit_head) and type = 'records_archived'
           and (event->>'through_id')::bigint = new.through_id and event->>'hash' = new.through_hash) then
           return null;
         end if;
         raise exception 'the audit log is append-only: it is cut when its last record tells of an archive';
       end if;
       update "shepherd".audit_head set last_id = new.through_id, last_hash = new.through_hash where last_id = 0;
       if not found then raise exception 'the audit log is append-only: it is cut at a record'; end if;
       return null;
     end $$;
create function "shepherd".forget_scope() returns trigger language plpgsql
     set search_path = pg_catalog, pg_temp as $$
     begin
       if exists (
           select from "shepherd".audit_log where id = (select last_id from "shepherd".audit_head) and type = 'scope_forgotten'
           and scope = new.scope and (event->>'through_id')::bigint = new.through_id and id > new.through_id)
         and (tg_op = 'INSERT' or new.scope = old.scope and new.through_id >= old.through_id) then
         return new;
       end if;
       raise exception 'the audit log is append-only: what is forgotten stays so';
     end $$;
create index audit_log_type on "shepherd".audit_log (scope, type, id);
create index audit_log_entry on "shepherd".audit_log (scope, entry_id, id) where entry_id is not null;
create index audit_log_node on "shepherd".audit_log (node, id);
create index audit_log_all_type on "shepherd".audit_log (type, id);
create index audit_log_all_entry on "shepherd".audit_log (entry_id, id) where entry_id is not null;
drop trigger audit_log_append_only on "shepherd".audit_log;
create trigger audit_log_no_update before update on "shepherd".audit_log for each row execute function "shepherd".erase_record();
alter table "shepherd".audit_log enable always trigger audit_log_no_update;
create trigger audit_log_no_delete before delete on "shepherd".audit_log for each row execute function "shepherd".remove_record();
alter table "shepherd".audit_log enable always trigger audit_log_no_delete;
create trigger audit_log_appended after insert on "shepherd".audit_log for each statement execute function "shepherd".move_end();
alter table "shepherd".audit_log enable always trigger audit_log_appended;
create trigger audit_log_span after insert on "shepherd".audit_log for each row when (new.id % 1024 = 0)
       execute function "shepherd".tell_span();
alter table "shepherd".audit_log enable always trigger audit_log_span;
create trigger audit_head_forward before update on "shepherd".audit_head for each row execute function "shepherd".move_head();
alter table "shepherd".audit_head enable always trigger audit_head_forward;
create trigger audit_head_one before insert or delete on "shepherd".audit_head for each row execute function "shepherd".refuse_change();
alter table "shepherd".audit_head enable always trigger audit_head_one;
create trigger audit_cuts_further after insert on "shepherd".audit_cuts for each row execute function "shepherd".cut_log();
alter table "shepherd".audit_cuts enable always trigger audit_cuts_further;
create trigger audit_cuts_stay before update or delete on "shepherd".audit_cuts for each row execute function "shepherd".refuse_change();
alter table "shepherd".audit_cuts enable always trigger audit_cuts_stay;
create trigger forgotten_scopes_further before insert or update on "shepherd".forgotten_scopes
       for each row execute function "shepherd".forget_scope();
alter table "shepherd".forgotten_scopes enable always trigger forgotten_scopes_further;
create trigger forgotten_scopes_stay before delete on "shepherd".forgotten_scopes for each row execute function "shepherd".refuse_change();
alter table "shepherd".forgotten_scopes enable always trigger forgotten_scopes_stay;
create trigger audit_spans_true before insert on "shepherd".audit_spans for each row execute function "shepherd".true_span();
alter table "shepherd".audit_spans enable always trigger audit_spans_true;
create trigger audit_spans_stay before update on "shepherd".audit_spans for each row execute function "shepherd".refuse_change();
alter table "shepherd".audit_spans enable always trigger audit_spans_stay;
create trigger audit_spans_no_delete before delete on "shepherd".audit_spans for each row execute function "shepherd".remove_span();
alter table "shepherd".audit_spans enable always trigger audit_spans_no_delete;
create trigger no_truncate before truncate on "shepherd".audit_head for each statement execute function "shepherd".refuse_change();
alter table "shepherd".audit_head enable always trigger no_truncate;
create trigger no_truncate before truncate on "shepherd".audit_cuts for each statement execute function "shepherd".refuse_change();
alter table "shepherd".audit_cuts enable always trigger no_truncate;
create trigger no_truncate before truncate on "shepherd".forgotten_scopes for each statement execute function "shepherd".refuse_change();
alter table "shepherd".forgotten_scopes enable always trigger no_truncate;
create trigger no_truncate before truncate on "shepherd".audit_spans for each statement execute function "shepherd".refuse_change();
alter table "shepherd".audit_spans enable always trigger no_truncate;
