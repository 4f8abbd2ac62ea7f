import type { Clock } from '@shepherd-store/core'
import { onStore, type Saboteur, writeOne } from './saboteur.ts'
import { onCommand, replaced, rowOf } from './session-command.ts'

/** Defects in who may start a session, in how its time is counted, and in its deadline. */
export const sessionStartSaboteurs: readonly Saboteur[] = [
  {
    name: 'start-takes-over',
    plants: 'ends the session that is open, and starts the other one',
    caughtBy: 'session/start/while-one-is-open-is-refused-and-names-it',
    sabotage: onCommand('start', async (sound, command, unit) => {
      const outcome = await writeOne(sound, unit)
      const open = outcome.type === 'refused' && outcome.failed.find(({ type }) => type === 'no_open_session')
      if (!open || open.type !== 'no_open_session') return outcome
      const { sessionId, entryId } = open
      const { table, scope, node, at } = command
      const ended = { table, scope, node, at, sessionId, entryId, action: 'recover', silentForMs: 0 } as const
      await writeOne(sound, { conditions: [], changes: [ended] })
      return writeOne(sound, unit)
    }),
  },
  {
    name: 'conditions-of-a-repeated-start',
    plants: 'looks at the conditions of a start again when it is repeated',
    caughtBy: 'session/start/tried-again-after-a-lost-reply',
    sabotage: onCommand('start', async (sound, _, unit) => {
      const conditions = unit.conditions.filter(({ type }) => type !== 'no_open_session')
      const look = await writeOne(sound, { conditions, changes: [] })
      return look.type === 'refused' ? look : writeOne(sound, unit)
    }),
  },
  {
    name: 'starts-again-after-the-end',
    plants: 'opens a session anew when its start comes after its end',
    caughtBy: 'session/start/after-its-end-is-refused',
    sabotage: onCommand('start', async (sound, command, unit) => {
      const ended = (await rowOf(sound, command))?.endedAt !== undefined
      return writeOne(sound, ended ? replaced(unit, { ...command, sessionId: `${command.sessionId} again` }) : unit)
    }),
  },
  {
    name: 'time-by-the-wall-clock',
    plants: 'counts what is played by the clock on the wall',
    caughtBy: 'session/clock/stands-still-in-a-suspended-night',
    sabotage: onStore(({ clock }) => ({ clock: byOneHand(clock) })),
  },
  {
    name: 'whole-milliseconds-between-looks',
    plants: 'drops the fraction of a millisecond at every look at the clock',
    caughtBy: 'session/clock/fractions-are-kept',
    sabotage: onStore(({ clock }) => ({ clock: withoutFractions(clock) })),
  },
  {
    name: 'warns-again',
    plants: 'takes a warning that it has noted before for a new one',
    caughtBy: 'session/warn/once-for-each-threshold',
    sabotage: onCommand('warn', async (sound, _, unit) => {
      const outcome = await writeOne(sound, unit)
      if (outcome.type !== 'applied' || outcome.sessions[0]?.changed !== false) return outcome
      const sessions = outcome.sessions.map((session) => ({ ...session, changed: true }))
      return { ...outcome, sessions }
    }),
  },
  {
    name: 'extends-again',
    plants: 'puts the deadline off once more when an extension is repeated',
    caughtBy: 'session/extend/tried-again-after-a-lost-reply',
    sabotage: onCommand('extend', async (sound, command, unit) => {
      const stands = (await rowOf(sound, command))?.deadline
      if (stands?.getTime() !== command.deadline.getTime()) return writeOne(sound, unit)
      return writeOne(sound, replaced(unit, { ...command, deadline: new Date(stands.getTime() + 300_000) }))
    }),
  },
]

function byOneHand(clock: Clock): Clock {
  return { now: () => clock.now(), monotonicMs: () => clock.now().getTime() }
}

function withoutFractions(clock: Clock): Clock {
  let shownMs = 0
  let lastMs = clock.monotonicMs()
  return {
    now: () => clock.now(),
    monotonicMs() {
      const atMs = clock.monotonicMs()
      shownMs += Math.floor(atMs - lastMs)
      lastMs = atMs
      return shownMs
    },
  }
}
