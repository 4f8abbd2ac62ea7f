/** What the end of a session does, as its scope's rows show it. */
export interface Effects {
  readonly usedMs: number
  readonly cooldowns: number
  readonly endRecords: number
  readonly endedSessions: number
}

/** Asks all four in one statement, so of one instant, and without the store. `schema` is that of the tables. */
export function effectsQuery(scope: string, schema: string): string {
  const number = (what: string, table: string, where: string) =>
    `(select cast(coalesce(${what}, 0) as integer) from ${schema}.${table} where scope = '${scope}' and ${where})`
  return `select
    ${number('sum(duration_ms)', 'usage', 'true')} as "usedMs",
    ${number('count(*)', 'cooldowns', 'true')} as cooldowns,
    ${number('count(*)', 'audit_log', `type = 'session_ended'`)} as "endRecords",
    ${number('count(*)', 'sessions', 'ended_at is not null')} as "endedSessions"`
}
