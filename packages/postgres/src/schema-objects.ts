/**
 * All that the migrations make in a schema, as `definedIn` tells it: `name: definition`, of functions the SHA-256 of their
 * bodies. After a migration a check of a new store names what has to be changed here.
 */
export const SCHEMA_OBJECTS: ReadonlyMap<string, string> = new Map(
  `
table audit_cuts: through_hash text collate C not null, through_id bigint not null
table audit_head: last_hash text not null, last_id bigint not null, one boolean not null default true
table audit_log: content_digest text collate C, digest text collate C not null, entry_id text collate C, event json not null, hash text collate C not null, id bigint not null, node text collate C not null, original_event text collate C, original_id bigint, original_timestamp text collate C, salt text collate C, scope text collate C not null, session_id text collate C, timestamp timestamp(3) with time zone not null, type text collate C not null
table audit_spans: day date not null, first_at timestamp(3) with time zone not null, last_at timestamp(3) with time zone not null, last_id bigint not null
table cooldowns: entry_id text collate C not null, scope text collate C not null, until timestamp(3) with time zone not null
table forgotten_scopes: scope text collate C not null, through_id bigint not null
table grants: day date not null, entry_id text collate C not null, granted_ms bigint not null, scope text collate C not null
table meta: key text collate C not null, value text collate C not null
table nodes: clock_skew_ms bigint, node text collate C not null, seen_at timestamp(3) with time zone not null
table operations: applied_at timestamp(3) with time zone not null, audit_count bigint not null, digest text collate C not null, first_audit_id bigint not null, operation_id text collate C not null, scope text collate C not null
table session_played: day date not null, played_ms bigint not null, run text collate C not null, scope text collate C not null, session_id text collate C not null
table sessions: deadline timestamp(3) with time zone, detail json not null, duration_ms bigint not null, ended_at timestamp(3) with time zone, entry_id text collate C not null, last_reported_at timestamp(3) with time zone not null, node text collate C not null, report bigint not null, reserved_day date, reserved_ms bigint not null, run text collate C not null, scope text collate C not null, session_id text collate C not null, started_at timestamp(3) with time zone not null
table snapshot: node text collate C not null, revision bigint not null, scope text collate C not null, state json not null
table usage: day date not null, duration_ms bigint not null, entry_id text collate C not null, node text collate C not null, scope text collate C not null
table writers: applied text not null, last_audit_id bigint not null, last_group bigint not null, seen_at timestamp with time zone not null, writer text collate C not null
constraint audit_cuts_pkey on audit_cuts: PRIMARY KEY (through_id)
constraint audit_head_one_check on audit_head: CHECK (one)
constraint audit_head_pkey on audit_head: PRIMARY KEY (one)
constraint audit_log_id on audit_log: CHECK ((id >= 1))
constraint audit_log_pkey on audit_log: PRIMARY KEY (id)
constraint audit_spans_key on audit_spans: PRIMARY KEY (last_id, day)
constraint cooldowns_key on cooldowns: PRIMARY KEY (scope, entry_id)
constraint forgotten_scopes_pkey on forgotten_scopes: PRIMARY KEY (scope)
constraint grants_duration on grants: CHECK (((granted_ms >= 0) AND (granted_ms <= '9007199254740991'::bigint)))
constraint grants_key on grants: PRIMARY KEY (scope, day, entry_id)
constraint meta_pkey on meta: PRIMARY KEY (key)
constraint nodes_pkey on nodes: PRIMARY KEY (node)
constraint operations_key on operations: PRIMARY KEY (scope, operation_id)
constraint session_played_duration on session_played: CHECK (((played_ms >= 0) AND (played_ms <= '9007199254740991'::bigint)))
constraint session_played_key on session_played: PRIMARY KEY (scope, session_id, run, day)
constraint sessions_duration on sessions: CHECK (((duration_ms >= 0) AND (duration_ms <= '9007199254740991'::bigint)))
constraint sessions_key on sessions: PRIMARY KEY (scope, session_id)
constraint sessions_reserved on sessions: CHECK (((reserved_ms >= 0) AND (reserved_ms <= '9007199254740991'::bigint)))
constraint snapshot_key on snapshot: PRIMARY KEY (scope, node)
constraint usage_duration on usage: CHECK (((duration_ms >= 0) AND (duration_ms <= '9007199254740991'::bigint)))
constraint usage_key on usage: PRIMARY KEY (scope, day, entry_id, node)
constraint writers_pkey on writers: PRIMARY KEY (writer)
index audit_log_all_entry on audit_log: btree (entry_id, id) WHERE (entry_id IS NOT NULL)
index audit_log_all_type on audit_log: btree (type, id)
index audit_log_entry on audit_log: btree (scope, entry_id, id) WHERE (entry_id IS NOT NULL)
index audit_log_node on audit_log: btree (node, id)
index audit_log_scope on audit_log: btree (scope, id)
index audit_log_session on audit_log: btree (session_id, id) WHERE (session_id IS NOT NULL)
index audit_log_type on audit_log: btree (scope, type, id)
index audit_spans_day on audit_spans: btree (day, last_id)
index operations_applied_at on operations: btree (applied_at)
index sessions_of_scope on sessions: btree (scope, started_at, session_id)
index sessions_open_of_scope on sessions: btree (scope, started_at, session_id) WHERE (ended_at IS NULL)
index sessions_open_started on sessions: btree (started_at, scope, session_id) WHERE (ended_at IS NULL)
index sessions_reserved on sessions: btree (scope, reserved_day, entry_id) WHERE (ended_at IS NULL)
index sessions_started on sessions: btree (started_at, scope, session_id)
unique index sessions_open on sessions: btree (scope, node) WHERE (ended_at IS NULL)
trigger audit_cuts_further on audit_cuts: AFTER INSERT ON audit_cuts FOR EACH ROW EXECUTE FUNCTION cut_log()
trigger audit_cuts_stay on audit_cuts: BEFORE DELETE OR UPDATE ON audit_cuts FOR EACH ROW EXECUTE FUNCTION refuse_change()
trigger audit_head_forward on audit_head: BEFORE UPDATE ON audit_head FOR EACH ROW EXECUTE FUNCTION move_head()
trigger audit_head_one on audit_head: BEFORE INSERT OR DELETE ON audit_head FOR EACH ROW EXECUTE FUNCTION refuse_change()
trigger audit_log_appended on audit_log: AFTER INSERT ON audit_log FOR EACH STATEMENT EXECUTE FUNCTION move_end()
trigger audit_log_in_order on audit_log: BEFORE INSERT ON audit_log FOR EACH ROW EXECUTE FUNCTION link_record()
trigger audit_log_no_delete on audit_log: BEFORE DELETE ON audit_log FOR EACH ROW EXECUTE FUNCTION remove_record()
trigger audit_log_no_truncate on audit_log: BEFORE TRUNCATE ON audit_log FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
trigger audit_log_no_update on audit_log: BEFORE UPDATE ON audit_log FOR EACH ROW EXECUTE FUNCTION erase_record()
trigger audit_log_span on audit_log: AFTER INSERT ON audit_log FOR EACH ROW WHEN (((new.id % (1024)::bigint) = 0)) EXECUTE FUNCTION tell_span()
trigger audit_spans_no_delete on audit_spans: BEFORE DELETE ON audit_spans FOR EACH ROW EXECUTE FUNCTION remove_span()
trigger audit_spans_stay on audit_spans: BEFORE UPDATE ON audit_spans FOR EACH ROW EXECUTE FUNCTION refuse_change()
trigger audit_spans_true on audit_spans: BEFORE INSERT ON audit_spans FOR EACH ROW EXECUTE FUNCTION true_span()
trigger forgotten_scopes_further on forgotten_scopes: BEFORE INSERT OR UPDATE ON forgotten_scopes FOR EACH ROW EXECUTE FUNCTION forget_scope()
trigger forgotten_scopes_stay on forgotten_scopes: BEFORE DELETE ON forgotten_scopes FOR EACH ROW EXECUTE FUNCTION refuse_change()
trigger no_truncate on audit_cuts: BEFORE TRUNCATE ON audit_cuts FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
trigger no_truncate on audit_head: BEFORE TRUNCATE ON audit_head FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
trigger no_truncate on audit_spans: BEFORE TRUNCATE ON audit_spans FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
trigger no_truncate on forgotten_scopes: BEFORE TRUNCATE ON forgotten_scopes FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
function cut_log(): 398daaedda5273f50aa6f7f34f10bcbc9e6f491497598047c1c7e67a73a2bdfe set search_path=pg_catalog, pg_temp
function erase_record(): 49e171a350f1a27748ae9d29625c93a21acb0ae878892afa03d5ecf6b8165515 set search_path=pg_catalog, pg_temp
function forget_scope(): b0b47ad745c9c9898bfbe75bf7f6aabb51e47a87e94d4ec26e5e24594d3d61c5 set search_path=pg_catalog, pg_temp
function link_record(): d35f230e5f346c86c462423ccc7898950b5f44be93b27db8669cb2a47788eed7 security definer set search_path=pg_catalog, pg_temp
function move_end(): efdba97e1306945616ca2f92ab870ccadef2c9cdd45a3997f6d1adee217783b6 security definer set search_path=pg_catalog, pg_temp
function move_head(): 23b795fc71ddecbbb6c401051458b4e90c05147e907277cfb181866f2ef1dbd1 set search_path=pg_catalog, pg_temp
function refuse_change(): 95dea279b5fc4797ce30341653b2895e96a13b059fdf6f55b53b715ab9c87230
function remove_record(): d17d7f2e8aba3b5ce68e8277d203d88645d933b7f967816829ba894679cc8175 set search_path=pg_catalog, pg_temp
function remove_span(): f07f4acaa4d52526ac9102256b64fd8dee71c968a3084f2494a6968eaa83a155 set search_path=pg_catalog, pg_temp
function tell_span(): ac5be0528ff50d2d4b0e2e9799095064601e45d6e41657f4df1142fe335ca98d security definer set search_path=pg_catalog, pg_temp
function true_span(): d8c535bdf96545bacc02c8cb290a1526dc15a22fe32a7bfe38531a220507e9b9 set search_path=pg_catalog, pg_temp
`
    .trim()
    .split('\n')
    .map((line) => {
      const end = line.indexOf(': ')
      return [line.slice(0, end), line.slice(end + 2)]
    }),
)
