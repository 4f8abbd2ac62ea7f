-- What the library wrote whose schema had version 1.
insert into meta (key, value) values
  ('calendar', '{"timeZone":"Europe/Berlin","dayStart":"04:00"}'),
  ('schema_version', '1');
insert into audit_log (id, timestamp, scope, node, type, entry_id, session_id, event, original_id, original_timestamp, original_event, digest, hash) values
  (1, '2026-11-23T18:00:00.000Z', 'anna', 'living-room', 'session_started', 'minecraft', 's-1', '{"deadline":"2026-11-23T18:30:00.000Z","entry_id":"minecraft","label":"Minecraft","session_id":"s-1","type":"session_started"}', null, null, null, '8a7a73df9997f7499699d5d3bb1c85064cfa8131563bd5ac9b945e8106a0c499', 'd3771ea7905339560537e1ca56539c534d66ef5ec4384e88254fc2ea303a4471'),
  (2, '2026-11-23T18:30:00.000Z', 'anna', 'living-room', 'session_ended', 'minecraft', 's-1', '{"duration_ms":1799999,"entry_id":"minecraft","reason":{"type":"expired"},"session_id":"s-1","type":"session_ended"}', null, null, null, 'b156b849f3567263584e67a0f007f843a8be9d856f07b2961a9d3702f7b734e4', 'cce747570725bc8b1ec6fc334c6f75809d5901e7eb83cd33b9a0a78e9aaab98e'),
  (3, '2025-12-26T20:00:06.000Z', 'anna', 'living-room', 'lamp_lit', null, null, '{"data":{"watts":9},"name":"lamp_lit","type":"other"}', 7, '2025-12-26T21:00:06+01:00', '{"type":"lamp_lit","watts":9}', 'b3a7fc61680d9e456bbefaebbe346729faef35bac37cc77f5b93fc1a0c097b33', 'b22976598e42e7df24a565aa4992e8e5547e9d6f59e9f964dd655e7639033bdf');
insert into usage (scope, day, entry_id, node, duration_ms) values
  ('anna', '2026-11-23', 'minecraft', 'living-room', 1799999),
  ('anna', '2026-11-23', 'minecraft', 'tablet', 1),
  ('otto', '2026-11-22', 'chess', 'living-room', 60000);
insert into cooldowns (scope, entry_id, until) values
  ('anna', 'minecraft', '2026-11-23T19:00:00.001Z');
insert into snapshot (scope, node, revision, state) values
  ('anna', 'living-room', 2, '{"active_session":{"entry_id":"chess","session_id":"s-2","started_at":"2026-11-23T18:30:00.000Z","warnings_issued_ms":[300000]},"timestamp":"2026-11-23T18:30:00.000Z"}');
insert into operations (scope, operation_id, digest, applied_at, first_audit_id, audit_count) values
  ('anna', 'end s-1', 'eb8c37799e8cfcb4e5c01731bb5b9a48a997698ab5d8a5636c2f50b9c004a028', '2026-11-23T18:30:00.000Z', 2, 1);
