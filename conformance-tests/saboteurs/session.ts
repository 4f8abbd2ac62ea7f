import { type DriverChange, LIMITS, type SessionCommand, type WriteUnit } from '@shepherd-store/core'
import { onDriver, onRequests, onUnits, type Saboteur } from './saboteur.ts'

/** Defects in what is booked of a session, when it ends, and who may start the next. */
export const sessionSaboteurs: readonly Saboteur[] = [
  {
    name: 'reports-add-up',
    plants: 'books the total of every report, not the largest',
    caughtBy: 'session/report/repeated-books-once',
    sabotage: onDriver((sound) => {
      let reports = 0
      const alone = (command: SessionCommand): SessionCommand =>
        command.action === 'report' ? { ...command, run: `${command.run} ${++reports}` } : command
      return { write: (units) => sound.write(units.map((unit) => withCommands(unit, alone))) }
    }),
  },
  {
    name: 'session-booked-at-its-end',
    plants: 'books a session only when it ends',
    caughtBy: 'session/recover/what-was-reported-stays-booked',
    sabotage: onCommands((command) =>
      command.action === 'report' ? { ...command, played: nothingOf(command.played) } : command,
    ),
  },
  {
    name: 'session-in-whole-seconds',
    plants: 'cuts what was played to whole seconds',
    caughtBy: 'session/end/books-to-the-millisecond',
    sabotage: onPlayed((played) =>
      played.map(({ day, playedMs }) => ({ day, playedMs: Math.floor(playedMs / 1_000) * 1_000 })),
    ),
  },
  {
    name: 'session-on-its-last-day',
    plants: 'books all of a session on the day on which it ends',
    caughtBy: 'session/days/over-midnight-in-new-york',
    sabotage: onPlayed((played) => {
      const last = played.at(-1)
      const playedMs = played.reduce((sum, part) => sum + part.playedMs, 0)
      return last === undefined ? [] : [{ ...last, playedMs }]
    }),
  },
  {
    name: 'end-of-whatever-runs',
    plants: 'lets a late exit end the session that was started last',
    caughtBy: 'session/end/ends-no-other-session',
    sabotage: onDriver((sound) => {
      let last: Pick<SessionCommand, 'sessionId' | 'entryId'> | undefined
      const seen = (command: SessionCommand): SessionCommand => {
        const { action, sessionId, entryId } = command
        if (action === 'start') last = { sessionId, entryId }
        return action === 'end' ? { ...command, ...last } : command
      }
      return { write: (units) => sound.write(units.map((unit) => withCommands(unit, seen))) }
    }),
  },
  {
    name: 'cooldown-at-every-end',
    plants: 'sets the cooldown anew when a session is ended a second time',
    caughtBy: 'session/end/a-second-one-changes-nothing',
    sabotage: onUnits(withCooldown('end')),
  },
  {
    name: 'recovery-dates-by-now',
    plants: 'counts the cooldown of a recovered session from the recovery',
    caughtBy: 'session/recover/the-rest-counts-from-the-last-report',
    sabotage: onUnits(withCooldown('recover')),
  },
  {
    name: 'recovers-who-lives',
    plants: 'recovers a session that was heard of a moment ago',
    caughtBy: 'session/recover/leaves-alone-who-was-just-heard-of',
    sabotage: onCommands((command) => (command.action === 'recover' ? { ...command, silentForMs: 0 } : command)),
  },
  {
    name: 'late-reports-are-dropped',
    plants: 'books nothing of what is reported of a session that was recovered',
    caughtBy: 'session/recover/an-owner-that-lives-books-the-rest',
    sabotage: onDriver((sound) => {
      const recovered = new Set<string>()
      const forgotten = (command: SessionCommand): SessionCommand => {
        if (command.action === 'recover') recovered.add(command.sessionId)
        return 'jumps' in command && recovered.has(command.sessionId)
          ? { ...command, played: nothingOf(command.played) }
          : command
      }
      return { write: (units) => sound.write(units.map((unit) => withCommands(unit, forgotten))) }
    }),
  },
  {
    name: 'starts-twice',
    plants: 'takes a start that comes again for another one',
    caughtBy: 'session/start/tried-again-after-a-lost-reply',
    sabotage: onDriver((sound) => {
      const started = new Set<string>()
      const another = (command: SessionCommand): SessionCommand => {
        const { action, sessionId } = command
        if (action !== 'start') return command
        if (started.has(sessionId)) return { ...command, sessionId: `${sessionId} again` }
        started.add(sessionId)
        return command
      }
      return { write: (units) => sound.write(units.map((unit) => withCommands(unit, another))) }
    }),
  },
  {
    name: 'one-session-for-all-nodes',
    plants: 'refuses a start while a session is open on another node',
    caughtBy: 'session/start/other-nodes-and-scopes-are-free',
    sabotage: onUnits((unit) => ({
      ...withCommands(unit, (command) => ({ ...command, node: 'all' })),
      conditions: unit.conditions.map((condition) =>
        condition.type === 'no_open_session' ? { ...condition, node: 'all' } : condition,
      ),
    })),
  },
  {
    name: 'nothing-booked-ahead',
    plants: 'books no slice ahead',
    caughtBy: 'session/strict/each-checkpoint-books-the-next-slice',
    sabotage: onCommands((command) => {
      if (command.action !== 'start' && command.action !== 'report') return command
      const { reserve: _, ...rest } = command
      return rest
    }),
  },
  {
    name: 'slices-past-the-limit',
    plants: 'books a whole slice ahead, whatever room a limit leaves',
    caughtBy: 'session/strict/takes-what-room-is-left',
    sabotage: onCommands((command) => {
      if (!('reserve' in command) || command.reserve === undefined) return command
      const limits = command.reserve.limits.map((limit) => ({ ...limit, limitMs: LIMITS.DURATION_MS_MAX }))
      return { ...command, reserve: { ...command.reserve, limits } }
    }),
  },
  {
    name: 'jumps-are-not-told',
    plants: 'leaves the jumps of a clock out of the log',
    caughtBy: 'session/clock/set-forward',
    sabotage: onCommands((command) => ('jumps' in command ? { ...command, jumps: [] } : command)),
  },
  {
    name: 'ended-sessions-are-listed-open',
    plants: 'lists sessions that have ended among those that are open',
    caughtBy: 'session/list/of-the-whole-fleet',
    sabotage: onRequests(({ sessions, ...request }) => {
      if (sessions === undefined) return request
      const { open: _, ...rest } = sessions
      return { ...request, sessions: rest }
    }),
  },
]

type Played = Extract<SessionCommand, { readonly action: 'report' }>['played']

function nothingOf(played: Played): Played {
  return played.map(({ day }) => ({ day, playedMs: 0 }))
}

function onPlayed(defect: (played: Played) => Played) {
  return onCommands((command) => ('jumps' in command ? { ...command, played: defect(command.played) } : command))
}

function onCommands(defect: (command: SessionCommand) => SessionCommand) {
  return onUnits((unit) => withCommands(unit, defect))
}

function withCommands(unit: WriteUnit, defect: (command: SessionCommand) => SessionCommand): WriteUnit {
  return {
    ...unit,
    changes: unit.changes.map((change): DriverChange => (change.table === 'session' ? defect(change) : change)),
  }
}

/** Beside each command that ends a session, its cooldown from now on. */
function withCooldown(action: 'end' | 'recover'): (unit: WriteUnit) => WriteUnit {
  return (unit) => ({
    ...unit,
    changes: unit.changes.flatMap((change): readonly DriverChange[] => {
      if (change.table !== 'session' || change.action !== action || change.cooldownMs === undefined) return [change]
      const { scope, entryId, at, cooldownMs } = change
      const until = new Date(at.getTime() + cooldownMs)
      return [change, { table: 'cooldown', scope, entryId, until, keepLater: true }]
    }),
  })
}
