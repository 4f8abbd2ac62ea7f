-- What the library wrote whose schema had version 2, beside what that of version 1 did.
update meta set value = '2' where key = 'schema_version';
insert into sessions (scope, session_id, node, run, report, entry_id, started_at, deadline, last_reported_at, ended_at, duration_ms, reserved_day, reserved_ms, detail) values
  ('anna', 's-1', 'living-room', 'r-1', 2, 'minecraft', '2026-11-23T18:00:00.000Z', '2026-11-23T18:30:00.000Z', '2026-11-23T18:30:00.000Z', '2026-11-23T18:30:00.000Z', 1799999, null, 0, '{"account":{"days":[{"day":"2026-11-23","played_ms":1799999}],"runs":[{"active_ms":0,"counted_ms":1799999,"run":"r-1"}]},"end_reason":{"type":"expired"},"label":"Minecraft","warnings_issued_ms":[300000]}'),
  ('otto', 's-2', 'tablet', 'r-2', 1, 'chess', '2026-11-22T18:29:00.000Z', null, '2026-11-22T18:30:00.000Z', null, 60000, '2026-11-22', 60000, '{"account":{"days":[{"day":"2026-11-22","played_ms":60000}],"runs":[{"active_ms":0,"counted_ms":60000,"run":"r-2"}]},"warnings_issued_ms":[]}');
insert into session_played (scope, session_id, run, day, played_ms) values
  ('anna', 's-1', 'r-1', '2026-11-23', 1799999),
  ('otto', 's-2', 'r-2', '2026-11-22', 60000);
insert into grants (scope, day, entry_id, granted_ms) values
  ('anna', '2026-11-23', 'minecraft', 600000);
insert into nodes (node, seen_at, clock_skew_ms) values
  ('living-room', '2026-11-23T18:30:00.000Z', null),
  ('tablet', '2026-11-22T18:30:00.000Z', null);
