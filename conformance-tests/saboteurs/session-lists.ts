import { onRequests, onResults, type Saboteur } from './saboteur.ts'

/** Defects in what is told of the sessions and machines of a fleet. */
export const sessionListSaboteurs: readonly Saboteur[] = [
  {
    name: 'spoiled-sessions-left-out',
    plants: 'leaves a session that cannot be read out of the list',
    caughtBy: 'session/spoiled/never-fails-a-list',
    sabotage: onResults((result) => ({
      ...result,
      sessions: result.sessions.filter(({ lastReportedAt }) => !Number.isNaN(lastReportedAt.getTime())),
    })),
  },
  {
    name: 'sessions-oldest-first',
    plants: 'lists the first session that was started first',
    caughtBy: 'session/list/the-last-to-start-first',
    sabotage: onResults((result) => ({ ...result, sessions: result.sessions.toReversed() })),
  },
  {
    name: 'sessions-of-every-scope',
    plants: 'lists the sessions of every scope, whoever asks',
    caughtBy: 'session/list/filters-go-together',
    sabotage: onRequests(({ sessions, ...request }) => {
      if (sessions === undefined) return request
      const { scope: _, ...ofAll } = sessions
      return { ...request, sessions: ofAll }
    }),
  },
  {
    name: 'page-begins-with-the-last-one',
    plants: 'begins a page with the session that it should begin behind',
    caughtBy: 'session/list/a-page-begins-behind-the-given-place',
    sabotage: onRequests(({ sessions, ...request }) => {
      if (sessions?.after === undefined) return { ...request, ...(sessions && { sessions }) }
      const after = { ...sessions.after, startedAt: new Date(sessions.after.startedAt.getTime() + 1) }
      return { ...request, sessions: { ...sessions, after } }
    }),
  },
  {
    name: 'nodes-in-utf-16-order',
    plants: 'sorts machines by UTF-16 code units, not by bytes',
    caughtBy: 'node/list/who-reported-on-sessions-and-when',
    sabotage: onResults((result) => ({
      ...result,
      nodes: result.nodes.toSorted((a, b) => (a.node < b.node ? -1 : 1)),
    })),
  },
]
