import type { DriverChange, SessionCommand } from '@shepherd-store/core'
import { bothOf, onDriver, onOutcomes, onResults, type Saboteur, writeOne } from './saboteur.ts'
import { onCommand, replaced, rowOf } from './session-command.ts'

/** Defects in how a session ends, by whom, and in what is booked when it changes hands. */
export const sessionEndSaboteurs: readonly Saboteur[] = [
  {
    name: 'end-in-pieces',
    plants: 'books what was played first, and ends the session in a commit of its own',
    caughtBy: 'session/end/that-is-refused-did-nothing',
    sabotage: onCommand('end', async (sound, command, unit) => {
      const { cooldownMs: _, reason: __, ...report } = command
      const booked = await writeOne(sound, replaced(unit, { ...report, action: 'report' }))
      return booked.type === 'applied' ? writeOne(sound, unit) : booked
    }),
  },
  {
    name: 'anyone-ends-a-session',
    plants: 'lets a run end the session of the run that continued it',
    caughtBy: 'session/end/by-a-run-that-no-longer-owns-it',
    sabotage: onCommand('end', async (sound, command, unit) => {
      const { run = command.run } = (await rowOf(sound, command)) ?? {}
      return writeOne(sound, replaced(unit, { ...command, run }))
    }),
  },
  {
    name: 'end-shortens-the-cooldown',
    plants: 'sets the cooldown of an ending session, though a later one stands',
    caughtBy: 'session/end/keeps-the-later-cooldown',
    sabotage: onCommand('end', async (sound, command, unit) => {
      if (command.cooldownMs === undefined) return writeOne(sound, unit)
      return writeOne(sound, replaced(unit, command, cooldownOf(command, command.cooldownMs)))
    }),
  },
  {
    name: 'late-time-is-not-told',
    plants: 'adds what is reported after the end, and leaves it out of the log',
    caughtBy: 'session/end/what-comes-after-it-is-booked-with-a-record',
    sabotage: bothOf(
      onResults((result) => ({ ...result, audits: result.audits.filter(({ type }) => type !== 'session_time_added') })),
      onOutcomes((outcome) =>
        outcome.type === 'applied'
          ? { ...outcome, audits: outcome.audits.filter(({ type }) => type !== 'session_time_added') }
          : outcome,
      ),
    ),
  },
  {
    name: 'recovers-again',
    plants: 'recovers a session whose end it finds, as often as it is asked',
    caughtBy: 'session/recover/happens-once',
    sabotage: onCommand('recover', async (sound, command, unit) => {
      const outcome = await writeOne(sound, unit)
      const after = outcome.type === 'applied' ? outcome.sessions[0] : undefined
      if (outcome.type !== 'applied' || after?.row.endedAt === undefined || after.changed) return outcome
      await writeOne(sound, { conditions: [], changes: [cooldownOf(command, command.cooldownMs ?? 0)] })
      return { ...outcome, sessions: [{ ...after, changed: true }] }
    }),
  },
  {
    name: 'recovery-ends-now',
    plants: 'ends a recovered session at the moment of its recovery',
    caughtBy: 'session/recover/what-was-reported-stays-booked',
    sabotage: onCommand('recover', async (sound, command, unit) => {
      const row = await rowOf(sound, command)
      if (row === undefined || row.endedAt !== undefined) return writeOne(sound, unit)
      const { silentForMs: _, ...rest } = command
      const { run, node, lastReportedAt } = row
      const reason = { type: 'recovered', node, lastReportedAt } as const
      const end = {
        ...rest,
        action: 'end',
        run,
        report: row.report + 1,
        played: [],
        active: [],
        jumps: [],
        reason,
      } as const
      return writeOne(sound, replaced(unit, end))
    }),
  },
  {
    name: 'recovery-takes-the-slice',
    plants: 'recovers a session of another node while that node may play its slice',
    caughtBy: 'session/strict/another-node-waits-for-the-end-of-the-slice',
    sabotage: onCommand('recover', async (sound, command, unit) => {
      const { node = command.node } = (await rowOf(sound, command)) ?? {}
      return writeOne(sound, replaced(unit, { ...command, node }))
    }),
  },
  {
    name: 'time-between-for-the-new-run',
    plants: 'books the time before a session was continued for the run that continues it',
    caughtBy: 'session/continue/a-late-report-of-the-run-before-counts-once',
    sabotage: onCommand('continue', async (sound, command, unit) => {
      const { durationMs = 0 } = (await rowOf(sound, command)) ?? {}
      const [first, ...others] = command.active
      const outcome = await writeOne(sound, replaced(unit, { ...command, active: [] }))
      if (first === undefined || others.length > 0 || outcome.type !== 'applied') return outcome
      const played = [{ ...first, playedMs: Math.max(0, first.playedMs - durationMs) }]
      const { from: _, reserve: __, ...rest } = command
      const report = { ...rest, action: 'report', report: 1, played, active: [], jumps: [] } as const
      return writeOne(sound, { conditions: [], changes: [report] })
    }),
  },
  {
    name: 'time-between-on-the-first-day',
    plants: 'takes the time before a session was continued for the earliest of it',
    caughtBy: 'session/continue/the-time-between-is-the-latest',
    sabotage: onCommand('continue', async (sound, command, unit) => {
      const [first] = command.active
      if (first === undefined) return writeOne(sound, unit)
      const playedMs = command.active.reduce((sum, part) => sum + part.playedMs, 0)
      return writeOne(sound, replaced(unit, { ...command, active: [{ ...first, playedMs }] }))
    }),
  },
  {
    name: 'told-time-is-dropped',
    plants: 'books what a run has counted, and nothing of what it was told',
    caughtBy: 'session/active/told-in-a-checkpoint',
    sabotage: onCommand('report', (sound, command, unit) =>
      writeOne(sound, replaced(unit, { ...command, active: [] })),
    ),
  },
  {
    name: 'late-time-for-the-owner',
    plants: 'takes what a run before reports late for time of the run that owns the session',
    caughtBy: 'session/active/a-late-report-from-before-the-clock-was-set',
    sabotage: onCommand('report', async (sound, command, unit) => {
      const { run = command.run } = (await rowOf(sound, command)) ?? {}
      return writeOne(sound, replaced(unit, run === command.run ? command : { ...command, run, report: 1 }))
    }),
  },
  {
    name: 'one-total-for-all-runs',
    plants: 'takes the totals of every run for those of one',
    caughtBy: 'session/continue/by-default-each-call-is-a-run-of-its-own',
    sabotage: onDriver((sound) => ({
      write: (units) =>
        sound.write(
          units.map((unit) => ({
            ...unit,
            changes: unit.changes.map((change) =>
              change.table === 'session' && 'jumps' in change ? { ...change, run: 'the run' } : change,
            ),
          })),
        ),
    })),
  },
]

function cooldownOf({ scope, entryId, at }: SessionCommand, cooldownMs: number): DriverChange {
  return { table: 'cooldown', scope, entryId, until: new Date(at.getTime() + cooldownMs), keepLater: false }
}
