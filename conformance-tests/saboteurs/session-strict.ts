import { addDays, type DriverCondition, type SessionRow, type StoreDriver } from '@shepherd-store/core'
import { onDriver, onEachUnit, onUnits, type Saboteur, writeOne } from './saboteur.ts'

/** Defects in what machines book ahead of a limit that they share. */
export const sessionStrictSaboteurs: readonly Saboteur[] = [
  {
    name: 'limits-overlook-what-is-booked-ahead',
    plants: 'lets a start pass a limit that what is booked ahead has reached',
    caughtBy: 'session/strict/other-machines-see-what-is-booked-ahead',
    sabotage: onEachUnit(
      ({ conditions }) => conditions.some(({ type }) => type === 'usage_below'),
      async (sound, unit) => {
        const conditions = await Promise.all(unit.conditions.map((condition) => withoutReserved(sound, condition)))
        return writeOne(sound, { ...unit, conditions })
      },
    ),
  },
  {
    name: 'slices-are-never-given-back',
    plants: 'keeps counting what an ended session had booked ahead',
    caughtBy: 'session/strict/is-given-back-at-the-end',
    sabotage: onDriver((sound) => {
      const kept = new Map<string, SessionRow>()
      return {
        async write(units) {
          const outcomes = await sound.write(units)
          for (const outcome of outcomes) {
            const rows = outcome.type === 'applied' ? outcome.sessions.map(({ row }) => row) : []
            for (const row of rows) if (row.reserved !== undefined) kept.set(row.sessionId, row)
          }
          return outcomes
        },
        async read(request) {
          const result = await sound.read(request)
          if (request.extra === undefined) return result
          const reserved = [...kept.values()].map(({ entryId, reserved: ahead }) => {
            return { entryId, durationMs: ahead?.durationMs ?? 0, unreadable: 0 }
          })
          return { ...result, reserved }
        },
      }
    }),
  },
  {
    name: 'every-report-is-the-newest',
    plants: 'lets an older report replace the slice that a newer one has booked',
    caughtBy: 'session/strict/an-older-report-leaves-the-slice-alone',
    sabotage: onDriver((sound) => {
      let newest = 0
      return {
        write: (units) =>
          sound.write(
            units.map((unit) => ({
              ...unit,
              changes: unit.changes.map((change) =>
                change.table === 'session' && 'jumps' in change ? { ...change, report: (newest += 1) } : change,
              ),
            })),
          ),
      }
    }),
  },
  {
    name: 'slices-of-the-day-alone',
    plants: 'books a slice ahead as far as the first limit leaves room, and looks at no other',
    caughtBy: 'session/strict/every-limit-leaves-room',
    sabotage: onUnits((unit) => ({
      ...unit,
      changes: unit.changes.map((change) =>
        change.table === 'session' && 'reserve' in change && change.reserve !== undefined
          ? { ...change, reserve: { ...change.reserve, limits: change.reserve.limits.slice(0, 1) } }
          : change,
      ),
    })),
  },
]

/** The condition with so much more room as is booked ahead on its day. */
async function withoutReserved(sound: StoreDriver, condition: DriverCondition): Promise<DriverCondition> {
  if (condition.type !== 'usage_below' || condition.period !== 'day') return condition
  const { scope, entryId, day, limitMs } = condition
  const span = { from: day, to: addDays(day, 1) }
  const { reserved } = await sound.read({ extra: { scope, entryId, span, limit: 1 } })
  return { ...condition, limitMs: limitMs + (reserved[0]?.durationMs ?? 0) }
}
