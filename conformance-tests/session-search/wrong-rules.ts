import type { DayPlayed, SessionCommand, SessionRow, StoredState, WriteUnit } from '@shepherd-store/core'
import { NODE, SCOPE } from './messages.ts'
import { type Rules, soundRules } from './model.ts'

/** Rules with one defect, the claim that they break, and in how few steps. */
export interface WrongRules {
  /** They are those of a store that … */
  readonly plants: string
  readonly breaks: string
  readonly steps: number
  readonly rules: Rules
}

export const wrongRules: readonly WrongRules[] = [
  {
    plants: 'books the sum of the reports in place of the largest',
    breaks: 'more is booked of a day than was played',
    steps: 6,
    rules: seeing(() => ({ played: () => 0 })),
  },
  {
    plants: 'takes all runs of the service for one',
    breaks: 'what the store was told is not what is booked',
    steps: 11,
    rules: seeing((stored) => ({
      played: (key) => Math.max(...['0', '1', '2'].map((run) => stored.played({ ...key, run }))),
    })),
  },
  {
    plants: 'books all of a report on its last day',
    breaks: 'what the store was told is not what is booked',
    steps: 6,
    rules: hearing((command) => ('played' in command ? { ...command, played: onLastDay(command.played) } : command)),
  },
  {
    plants: 'ends whatever is open on the node',
    breaks: 'more is booked of a day than was played',
    steps: 8,
    rules: hearing((command, stored) => {
      const open = stored.openSession({ scope: SCOPE, node: NODE })
      if (command.action !== 'end' || open === undefined) return command
      const { sessionId, entryId, run } = open
      return { ...command, sessionId, entryId, run }
    }),
  },
  {
    plants: 'takes no report of a session that has ended',
    breaks: 'what the store was told is not what is booked',
    steps: 7,
    rules: hearing((command, stored) => {
      const hasEnded = stored.session(command)?.endedAt !== undefined
      return hasEnded && 'played' in command ? { ...command, played: [] } : command
    }),
  },
  {
    plants: 'starts a session again that has ended',
    breaks: 'a session was started twice',
    steps: 5,
    rules: seeing((stored, action) => ({
      session: (key) => {
        const row = stored.session(key)
        return action === 'start' && row?.endedAt !== undefined ? undefined : row
      },
    })),
  },
  {
    plants: 'starts a session beside one that is open',
    breaks: 'two sessions are open on one machine',
    steps: 5,
    rules: (unit, stored) => soundRules({ ...unit, conditions: [] }, stored),
  },
  {
    plants: 'ends a session as often as it is told to',
    breaks: 'a session has ended twice',
    steps: 5,
    rules: seeing((stored, action) => ({
      session: (key) => (action === 'end' ? opened(stored.session(key)) : stored.session(key)),
    })),
  },
  {
    plants: 'recovers a session that has ended',
    breaks: 'a session has ended twice',
    steps: 5,
    rules: seeing((stored, action) => ({
      session: (key) => (action === 'recover' ? opened(stored.session(key)) : stored.session(key)),
    })),
  },
  {
    plants: 'books the age of a game on top of what is booked of it',
    breaks: 'more is booked of a day than was played',
    steps: 8,
    rules: seeing((stored, action) => ({
      session: (key) => {
        const row = stored.session(key)
        if (action !== 'continue' || row === undefined) return row
        return { ...row, durationMs: 0, text: withAccount(row, () => undefined) }
      },
    })),
  },
  {
    plants: 'counts a late report of a run beside what was told since',
    breaks: 'more is booked of a day than was played',
    steps: 8,
    rules: seeing((stored, action) => ({
      session: (key) => {
        const row = stored.session(key)
        if (row === undefined || (action !== 'report' && action !== 'end')) return row
        return { ...row, text: withAccount(row, (runs) => runs.map((run) => ({ ...run, active_ms: 0 }))) }
      },
    })),
  },
  {
    plants: 'has the session in the snapshot, which somebody may overwrite',
    breaks: 'a session that is over has not one start and one end',
    steps: 4,
    rules: (unit, stored) => {
      const decision = soundRules(unit, stored)
      const open = stored.openSession({ scope: SCOPE, node: NODE })
      const isSnapshot = unit.changes.some(({ table }) => table === 'snapshot')
      if (decision?.type !== 'apply' || open === undefined || !isSnapshot) return decision
      const row = { ...open, endedAt: open.lastReportedAt }
      return { ...decision, effects: [...decision.effects, { table: 'session', row }] }
    },
  },
]

type Action = SessionCommand['action'] | undefined

/** The sound rules, on what the store seems to hold. */
function seeing(change: (stored: StoredState, action: Action) => Partial<StoredState>): Rules {
  return (unit, stored) => soundRules(unit, { ...stored, ...change(stored, commandOf(unit)?.action) })
}

/** The sound rules, on what the command seems to be. */
function hearing(change: (command: SessionCommand, stored: StoredState) => SessionCommand): Rules {
  return (unit, stored) => {
    const command = commandOf(unit)
    return soundRules(command === undefined ? unit : { ...unit, changes: [change(command, stored)] }, stored)
  }
}

function commandOf({ changes }: WriteUnit): SessionCommand | undefined {
  return changes.find((change) => change.table === 'session')
}

function onLastDay(played: readonly DayPlayed[]): readonly DayPlayed[] {
  const last = played.at(-1)
  if (last === undefined) return []
  return [{ day: last.day, playedMs: played.reduce((sum, { playedMs }) => sum + playedMs, 0) }]
}

/** The row's text, with other runs in its account; without the account where there are none. */
function withAccount({ text }: SessionRow, change: (runs: readonly object[]) => readonly object[] | undefined): string {
  const { account, ...detail } = JSON.parse(text) as { account?: { readonly runs: readonly object[] } }
  const runs = account && change(account.runs)
  return JSON.stringify(runs === undefined ? detail : { ...detail, account: { ...account, runs } })
}

function opened(row: SessionRow | undefined): SessionRow | undefined {
  if (row === undefined) return undefined
  const { endedAt: _, ...open } = row
  return open
}
