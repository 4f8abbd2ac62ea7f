import type { AuditQuery } from '@shepherd-store/core'
import { FIRST_MS, LAST_MS } from './fill.ts'

const DAY_MS = 24 * 60 * 60 * 1_000

/** What an operator asks a log of so many records. A full page has 100; a session and a day may have fewer. */
export function questions(count: number): readonly (readonly [what: string, query: AuditQuery])[] {
  const middle = Math.floor(count / 2)
  const middleMs = FIRST_MS + Math.floor((LAST_MS - FIRST_MS) / 2)
  const day = { from: new Date(middleMs), to: new Date(middleMs + DAY_MS) }
  const year = { from: new Date(middleMs), to: new Date(middleMs + 365 * DAY_MS) }
  const lastDays = { from: new Date(LAST_MS - 7 * DAY_MS) }
  const session = `session-${Math.floor(middle / 20)}`
  const limit = 100
  return [
    ['the newest', { order: 'desc', limit }],
    ['a page in the middle', { after: middle, limit }],
    ['a page before the middle, backwards', { before: middle, order: 'desc', limit }],
    ['the newest of a type', { types: ['launch_denied'], order: 'desc', limit }],
    ['a page of a type in the middle', { types: ['launch_denied'], after: middle, limit }],
    ['a rare type', { types: ['usage_adjusted'], order: 'desc', limit }],
    [
      'the newest of three types',
      { types: ['session_started', 'session_ended', 'usage_adjusted'], order: 'desc', limit },
    ],
    ['the newest of an entry', { entryId: 'entry-31', order: 'desc', limit }],
    ['an entry from the beginning', { entryId: 'entry-31', limit }],
    ['a session', { sessionId: session, limit }],
    ['a node', { node: 'pc-2', order: 'desc', limit }],
    ['a day', { ...day, limit }],
    ['a day, backwards', { ...day, order: 'desc', limit }],
    ['the refusals of a day', { ...day, types: ['launch_denied'], limit }],
    ['a year', { ...year, limit }],
    ['a year, backwards', { ...year, order: 'desc', limit }],
    ['the last days', { ...lastDays, order: 'desc', limit }],
    ['every scope, the newest', { scope: 'all', order: 'desc', limit }],
    ['every scope, a day', { scope: 'all', ...day, limit }],
  ]
}
