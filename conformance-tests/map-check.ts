import {
  type CheckedTable,
  type CheckPlace,
  type CheckProblem,
  type CheckStep,
  problemOfRow,
} from '@shepherd-store/core'
import type { MapData } from './map-data.ts'

/** A row as tables have it: its key, then the rest. */
type Row = readonly [key: Readonly<Record<string, string>>, rest: Readonly<Record<string, unknown>>]

/** One map after the other, whole: it is in memory. What holds only numbers of ours has nothing to be read wrongly. */
export function checkMaps(data: MapData, place: CheckPlace | undefined): CheckStep {
  const parts = Object.keys(ROWS) as (keyof typeof ROWS)[]
  const index = Math.max(
    0,
    parts.findIndex((part) => part === place?.part),
  )
  const part = parts[index] ?? 'usage'
  const rows: readonly Row[] = ROWS[part](data)
  const problems = rows.flatMap(([key, rest]): readonly CheckProblem[] => {
    const problem = problemOfRow(part, { ...key, ...rest })
    if (problem === undefined) return []
    const where = `${part} ${JSON.stringify(Object.values(key))}`
    return [{ code: 'MALFORMED', part: where, message: `${problem}; write it anew` }]
  })
  const next = parts[index + 1]
  return {
    part,
    checked: rows.length,
    problems,
    blindSpots: [],
    ...(next === undefined ? {} : { next: { part: next } }),
  }
}

const ROWS = {
  usage: ({ usage }) =>
    [...usage.values()].map(({ scope, day, entryId, node, durationMs }) => [
      { scope, day, entry_id: entryId, node },
      { duration_ms: durationMs },
    ]),
  cooldowns: ({ cooldowns }) =>
    [...cooldowns.values()].map(({ scope, entryId, until }) => [{ scope, entry_id: entryId }, { until }]),
  snapshot: ({ snapshots }) =>
    [...snapshots].map(([key, { revision, text }]) => {
      const [scope = '', node = ''] = JSON.parse(key) as string[]
      return [
        { scope, node },
        { revision, state: text },
      ]
    }),
  sessions: ({ sessions }) =>
    [...sessions.values()].map(({ scope, sessionId, node, run, report, entryId, ...row }) => [
      { scope, session_id: sessionId },
      {
        ...{ node, run, report, entry_id: entryId, started_at: row.startedAt, deadline: row.deadline },
        ...{ last_reported_at: row.lastReportedAt, ended_at: row.endedAt, duration_ms: row.durationMs },
        ...{ reserved_day: row.reserved?.day, reserved_ms: row.reserved?.durationMs ?? 0, detail: row.text },
      },
    ]),
  grants: ({ grants }) =>
    [...grants.values()].map(({ scope, day, entryId, durationMs }) => [
      { scope, day, entry_id: entryId },
      { granted_ms: durationMs },
    ]),
  nodes: ({ nodes }) =>
    [...nodes.values()].map(({ node, lastSeenAt, clockSkewMs }) => [
      { node },
      { seen_at: lastSeenAt, clock_skew_ms: clockSkewMs },
    ]),
} as const satisfies Partial<Record<CheckedTable, (data: MapData) => readonly Row[]>>
