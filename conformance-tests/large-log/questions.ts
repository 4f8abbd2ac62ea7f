import type { AuditQuery } from '@shepherd-store/core'
import { FIRST_MS, LAST_MS } from './fill.ts'

const DAY_MS = 24 * 60 * 60 * 1_000

export interface Question {
  readonly what: string
  readonly query: AuditQuery
  /** The index that has to lead to what is rare: in the order of the log it is not met for long. */
  readonly found?: 'type' | 'entry' | 'session' | 'node' | 'entry|type'
}

/** What an operator asks a log of so many records. A full page has 100; a session and a day may have fewer. */
export function questions(count: number): readonly Question[] {
  const middle = Math.floor(count / 2)
  const middleMs = FIRST_MS + Math.floor((LAST_MS - FIRST_MS) / 2)
  const day = { from: new Date(middleMs), to: new Date(middleMs + DAY_MS) }
  const year = { from: new Date(middleMs), to: new Date(middleMs + 365 * DAY_MS) }
  const years = { from: new Date(FIRST_MS + 365 * DAY_MS), to: new Date(LAST_MS) }
  const lastDays = { from: new Date(LAST_MS - 7 * DAY_MS) }
  const session = `session-${Math.floor(middle / 20)}`
  const limit = 100
  return [
    { what: 'the newest', query: { order: 'desc', limit } },
    { what: 'a page in the middle', query: { after: middle, limit } },
    { what: 'a page before the middle, backwards', query: { before: middle, order: 'desc', limit } },
    { what: 'the newest of a type', query: { types: ['launch_denied'], order: 'desc', limit } },
    { what: 'a page of a type in the middle', query: { types: ['launch_denied'], after: middle, limit } },
    { what: 'a rare type', query: { types: ['usage_adjusted'], order: 'desc', limit }, found: 'type' },
    { what: 'a type that never was', query: { types: ['lamp'], limit }, found: 'type' },
    {
      what: 'the newest of three types',
      query: { types: ['session_started', 'session_ended', 'usage_adjusted'], order: 'desc', limit },
    },
    { what: 'the newest of an entry', query: { entryId: 'entry-31', order: 'desc', limit } },
    { what: 'an entry from the beginning', query: { entryId: 'entry-31', limit } },
    { what: 'an entry that never was', query: { entryId: 'chess', limit }, found: 'entry' },
    { what: 'a session', query: { sessionId: session, limit }, found: 'session' },
    { what: 'a node', query: { node: 'pc-2', order: 'desc', limit } },
    { what: 'a rare node', query: { node: 'tablet', order: 'desc', limit }, found: 'node' },
    { what: 'a rare node of every scope', query: { node: 'tablet', scope: 'all', limit }, found: 'node' },
    { what: 'a day', query: { ...day, limit } },
    { what: 'a day, backwards', query: { ...day, order: 'desc', limit } },
    { what: 'the refusals of a day', query: { ...day, types: ['launch_denied'], limit } },
    { what: 'a rare type of many years', query: { ...years, types: ['usage_adjusted'], limit }, found: 'type' },
    { what: 'a type that never was, of a year', query: { ...year, types: ['lamp'], limit }, found: 'type' },
    { what: 'a rare entry of many years', query: { ...years, entryId: 'chess', order: 'desc', limit }, found: 'entry' },
    { what: 'a rare node of many years', query: { ...years, node: 'tablet', limit }, found: 'node' },
    {
      what: 'a rare type between two records',
      query: { types: ['lamp'], after: 9, before: count, limit },
      found: 'type',
    },
    { what: 'a rare type of a node', query: { types: ['usage_adjusted'], node: 'pc-2', limit }, found: 'type' },
    { what: 'a frequent type of a rare node', query: { types: ['launch_denied'], node: 'tablet', limit } },
    { what: 'an entry of a node', query: { entryId: 'chess', node: 'pc-2', limit }, found: 'entry' },
    {
      what: 'types of an entry',
      query: { entryId: 'entry-31', types: ['usage_adjusted', 'lamp'], limit },
      found: 'entry|type',
    },
    { what: 'a node of a session', query: { sessionId: session, node: 'pc-2', limit }, found: 'session' },
    { what: 'a year', query: { ...year, limit } },
    { what: 'a year, backwards', query: { ...year, order: 'desc', limit } },
    { what: 'the last days', query: { ...lastDays, order: 'desc', limit } },
    { what: 'every scope, the newest', query: { scope: 'all', order: 'desc', limit } },
    { what: 'every scope, a day', query: { scope: 'all', ...day, limit } },
    {
      what: 'every scope, a rare type',
      query: { scope: 'all', types: ['usage_adjusted'], order: 'desc', limit },
      found: 'type',
    },
    {
      what: 'every scope, two types',
      query: { scope: 'all', types: ['usage_adjusted', 'launch_denied'], limit },
      found: 'type',
    },
    { what: 'every scope, an entry', query: { scope: 'all', entryId: 'entry-31', order: 'desc', limit } },
    { what: 'every scope, an entry that never was', query: { scope: 'all', entryId: 'chess', limit }, found: 'entry' },
    { what: 'every scope, the refusals of a day', query: { scope: 'all', ...day, types: ['launch_denied'], limit } },
  ]
}
