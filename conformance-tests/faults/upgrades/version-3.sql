-- What the library wrote whose schema had version 3.
insert into meta (key, value) values
  ('calendar', '{"timeZone":"Europe/Berlin","dayStart":"04:00"}'),
  ('schema_version', '3');
insert into audit_log (id, timestamp, scope, node, type, entry_id, session_id, event, original_id, original_timestamp, original_event, digest, hash, salt, content_digest) values
  (1, '2026-11-24T19:30:00.000Z', 'anna', 'living-room', 'session_started', 'minecraft', 's-3', '{"deadline":"2026-11-24T20:30:00.000Z","entry_id":"minecraft","label":"Minecraft","session_id":"s-3","type":"session_started"}', null, null, null, '012cefa36b3fabbaf57b7e59e4d9b74ba0a8b9d2b6191bb5069072b6aefcff14', '93f2cc76c2a3ced4db604092678a38fd9f04fe985da9236928028545209218d6', '4FGb-bUGwqS6910-Zjem2Q', null),
  (2, '2026-11-24T19:31:00.000Z', 'anna', 'living-room', 'warning_issued', null, 's-3', '{"session_id":"s-3","threshold_ms":300000,"type":"warning_issued"}', null, null, null, '7d1330733af039d8c2844c86e4c4dcf84ace33548aee60d4a0f70a04d993eaf3', 'fca9123d5db851b6367017113d7166a0e09c8a424342d589ff13e2a57d593540', 'v7RZ4WRHA4Z4F0lDqVik7A', null),
  (3, '2026-11-24T19:31:30.000Z', 'anna', 'living-room', 'session_ended', 'minecraft', 's-3', '{"duration_ms":90000,"entry_id":"minecraft","reason":{"type":"user_stop"},"session_id":"s-3","type":"session_ended"}', null, null, null, '3bcb8130e52525e2b0c28d2758224a036fb5696aa61a209dac0294084eab6500', 'dcb940a040f71361d10d5fe82fe2b1e9133e2fe94b63dd91e4370035bb741e31', 'i__PbGPWIYEuPIGBwzZ47g', null),
  (4, '2026-11-24T19:31:30.000Z', 'anna', 'living-room', 'time_granted', 'minecraft', null, '{"by":"Ada","by_ms":600000,"day":"2026-11-24","entry_id":"minecraft","granted_ms":600000,"type":"time_granted","why":"Homework is done."}', null, null, null, 'f37b732803552ab6e491c3bba50c5704c948894dcd882c391d38c0d1cf72a5c5', 'dd709f405923a6834e234cd1e060d7e25c7d07bb5753ed39fea25ea108d7a372', 'Fu_6W3LJy36vsqPFptrNlw', null),
  (5, '2026-11-24T19:31:30.000Z', 'anna', 'living-room', 'session_started', 'chess', 's-4', '{"entry_id":"chess","session_id":"s-4","type":"session_started"}', null, null, null, '019f722a5265afc52913635c4c323f6af79513b5336c4551bd1d883918b1aec4', 'd2b7bb49e10e128a5007058c627f1d8ed2b2220f5bda8aeda5e237035a76b019', '497WU-ZQuUaqqmvPC_3X0g', null),
  (6, '2026-11-24T19:31:40.000Z', 'otto', 'tablet', 'lamp_lit', null, null, '{"data":{"watts":9},"name":"lamp_lit","type":"other"}', null, null, null, '253b4b0c963186c83347282175f505228c148304412f5d4cf464065005c22e8e', '5b2f7bf95c89f41ac71d4c351aaf195adc49099747ec25fec0173b2c38832e99', 'vxyIRNCRlOWIV66t_c2kHA', null);
insert into usage (scope, day, entry_id, node, duration_ms) values
  ('anna', '2026-11-23', 'minecraft', 'living-room', 1799999),
  ('anna', '2026-11-24', 'chess', 'living-room', 10000),
  ('anna', '2026-11-24', 'minecraft', 'living-room', 90000),
  ('otto', '2026-11-22', 'chess', 'tablet', 60000);
insert into cooldowns (scope, entry_id, until) values
  ('anna', 'minecraft', '2026-11-24T19:41:30.000Z');
insert into snapshot (scope, node, revision, state) values
  ('anna', 'living-room', 1, '{"timestamp":"2026-11-24T19:31:40.000Z"}');
insert into operations (scope, operation_id, digest, applied_at, first_audit_id, audit_count) values
  ('anna', 'end s-1', '5430a4b63356e16dc13a0630fd60b8e5c8a01fa5ef4fa0a0dfe7d7c5a62a8ba5', '2026-11-24T19:30:00.000Z', 1, 0);
insert into sessions (scope, session_id, node, run, report, entry_id, started_at, deadline, last_reported_at, ended_at, duration_ms, reserved_day, reserved_ms, detail) values
  ('anna', 's-3', 'living-room', 'r-1', 2, 'minecraft', '2026-11-24T19:30:00.000Z', '2026-11-24T20:30:00.000Z', '2026-11-24T19:31:30.000Z', '2026-11-24T19:31:30.000Z', 90000, null, 0, '{"account":{"days":[{"day":"2026-11-24","played_ms":90000}],"runs":[{"active_ms":0,"counted_ms":90000,"run":"r-1"}]},"end_reason":{"type":"user_stop"},"label":"Minecraft","warnings_issued_ms":[300000]}'),
  ('anna', 's-4', 'living-room', 'r-1', 1, 'chess', '2026-11-24T19:31:30.000Z', null, '2026-11-24T19:31:40.000Z', null, 10000, '2026-11-24', 60000, '{"account":{"days":[{"day":"2026-11-24","played_ms":10000}],"runs":[{"active_ms":0,"counted_ms":10000,"run":"r-1"}]},"warnings_issued_ms":[]}');
insert into session_played (scope, session_id, run, day, played_ms) values
  ('anna', 's-3', 'r-1', '2026-11-24', 90000),
  ('anna', 's-4', 'r-1', '2026-11-24', 10000);
insert into grants (scope, day, entry_id, granted_ms) values
  ('anna', '2026-11-24', 'minecraft', 600000);
insert into nodes (node, seen_at, clock_skew_ms) values
  ('living-room', '2026-11-24T19:31:40.000Z', null);
