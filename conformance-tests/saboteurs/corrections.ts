import {
  addDays,
  type DriverChange,
  type DriverCondition,
  startOfWeek,
  type StoreDriver,
  type WriteUnit,
} from '@shepherd-store/core'
import {
  onChanges,
  onDriver,
  onEachUnit,
  onOutcomes,
  onRequests,
  onResults,
  onStore,
  onUnits,
  type Saboteur,
  writeOne,
} from './saboteur.ts'

type Correction = Extract<DriverChange, { readonly table: 'correction' }>

/** Defects in what a person corrects, and in what the log tells of it. */
export const correctionSaboteurs: readonly Saboteur[] = [
  {
    name: 'adjusts-its-own-node',
    plants: 'takes off a total only what its own node has booked',
    caughtBy: 'corrections/adjust/takes-from-every-node',
    sabotage: onEachUnit(
      (unit) => correctionsOf(unit).length > 0,
      async (sound, unit) => {
        const changes = await Promise.all(unit.changes.map((change) => withinNode(sound, change)))
        return writeOne(sound, { ...unit, changes })
      },
    ),
  },
  {
    name: 'adjusts-below-zero',
    plants: 'takes what a total could not give off what is played later',
    caughtBy: 'corrections/adjust/never-below-zero',
    sabotage: onDriver((sound) => {
      let owedMs = 0
      const paid = (change: DriverChange): DriverChange => {
        if (change.table !== 'usage') return change
        const paidMs = Math.min(owedMs, change.addMs)
        owedMs -= paidMs
        return { ...change, addMs: change.addMs - paidMs }
      }
      return {
        async write(units) {
          const outcomes = await sound.write(units.map((unit) => ({ ...unit, changes: unit.changes.map(paid) })))
          for (const [index, unit] of units.entries()) {
            const outcome = outcomes[index]
            const asked = correctionsOf(unit)[0]
            if (outcome?.type === 'applied' && asked !== undefined) owedMs += realMs(outcome.audits[0]) - asked.byMs
          }
          return outcomes
        },
      }
    }),
  },
  {
    name: 'adjustment-told-as-asked',
    plants: 'tells by how much a total was to be changed, not by how much it was',
    caughtBy: 'corrections/adjust/never-below-zero',
    sabotage: onOutcomes((outcome, unit) => {
      const asked = correctionsOf(unit)[0]
      if (outcome.type !== 'applied' || asked === undefined) return outcome
      const audits = outcome.audits.map((row) => ({
        ...row,
        text: row.text.replace(/"by_ms":-?\d+/, `"by_ms":${asked.byMs}`),
      }))
      return { ...outcome, audits }
    }),
  },
  {
    name: 'corrects-each-time',
    plants: 'forgets the operation id of a correction',
    caughtBy: 'grants/grant/once-with-its-operation-id',
    sabotage: onUnits((unit) => {
      if (correctionsOf(unit).length === 0) return unit
      const { operation: _, ...rest } = unit
      return rest
    }),
  },
  {
    name: 'clears-without-a-word',
    plants: 'leaves the clearing of a cooldown by a person out of the log',
    caughtBy: 'corrections/cooldown/cleared-with-who-and-why',
    sabotage: onChanges((change) => {
      if (change.table !== 'cooldown') return change
      const { correction: _, ...rest } = change
      return rest
    }),
  },
  {
    name: 'corrected-by-nobody',
    plants: 'corrects for a caller who says neither who nor why',
    caughtBy: 'corrections/who-and-why/are-asked-for',
    sabotage: onStore((sound) => ({
      adjustUsage: (entryId, day, byMs, options) =>
        sound.adjustUsage(entryId, day, byMs, options ?? { by: 'somebody', why: 'no reason' }),
    })),
  },
  {
    name: 'extra-time-is-less-use',
    plants: 'takes extra time off what was used',
    caughtBy: 'grants/grant/is-extra-time-apart-from-use',
    sabotage: onChanges((change) =>
      change.table === 'correction' && change.of === 'grant' ? { ...change, of: 'usage', byMs: -change.byMs } : change,
    ),
  },
  {
    name: 'extra-time-of-the-day-alone',
    plants: 'holds a week to its limit, whatever extra time was granted in it',
    caughtBy: 'grants/condition/raises-the-limit-of-the-week-and-the-month',
    sabotage: onEachUnit(
      ({ conditions }) => conditions.some((condition) => condition.type === 'usage_below'),
      async (sound, unit) => {
        const conditions = await Promise.all(unit.conditions.map((condition) => withoutGrants(sound, condition)))
        return writeOne(sound, { ...unit, conditions })
      },
    ),
  },
  {
    name: 'spoiled-extra-time-is-none',
    plants: 'takes extra time that cannot be read for none',
    caughtBy: 'grants/spoiled/is-marked-and-not-told',
    sabotage: onResults((result) => ({
      ...result,
      grants: result.grants.map((grant) => ({ ...grant, unreadable: 0 })),
    })),
  },
]

/** Defects in which days a week and a month have. */
export const periodSaboteurs: readonly Saboteur[] = [
  {
    name: 'limits-by-weeks-from-sunday',
    plants: 'holds a Sunday to the limit of the week that follows',
    caughtBy: 'periods/week/from-monday-to-sunday',
    sabotage: onUnits((unit) => ({
      ...unit,
      conditions: unit.conditions.map((condition) =>
        condition.type === 'usage_below' && condition.period === 'week' && isSunday(condition.day)
          ? { ...condition, day: addDays(condition.day, 1) }
          : condition,
      ),
    })),
  },
  {
    name: 'every-limit-is-daily',
    plants: 'holds the day to the limit of its week or month',
    caughtBy: 'periods/condition/day-week-and-month-together',
    sabotage: onUnits((unit) => ({
      ...unit,
      conditions: unit.conditions.map((condition) =>
        condition.type === 'usage_below' ? { ...condition, period: 'day' } : condition,
      ),
    })),
  },
  {
    name: 'months-of-thirty-days',
    plants: 'leaves the 31st out of what is read of a month',
    caughtBy: 'periods/month/to-its-last-day',
    sabotage: onRequests(({ usage, ...request }) => {
      if (usage === undefined) return request
      const is31 = usage.from.endsWith('-01') && usage.from < '9999' && usage.to === addDays(usage.from, 31)
      return { ...request, usage: is31 ? { ...usage, to: addDays(usage.from, 30) } : usage }
    }),
  },
]

function correctionsOf({ changes }: WriteUnit): readonly Correction[] {
  return changes.filter((change) => change.table === 'correction')
}

/** By how much the total changed, as the record tells. */
function realMs(row: { readonly text: string } | undefined): number {
  return Number(/"by_ms":(-?\d+)/.exec(row?.text ?? '')?.[1] ?? 0)
}

async function withinNode(sound: StoreDriver, change: DriverChange): Promise<DriverChange> {
  if (change.table !== 'correction' || change.of !== 'usage' || change.byMs >= 0) return change
  const { scope, entryId, node, day } = change
  const usage = { scope, entryId, node, from: day, to: addDays(day, 1), by: [], limit: 1 }
  const own = (await sound.read({ usage })).usage[0]?.durationMs ?? 0
  return { ...change, byMs: Math.max(change.byMs, -own) }
}

async function withoutGrants(sound: StoreDriver, condition: DriverCondition): Promise<DriverCondition> {
  if (condition.type !== 'usage_below' || condition.period !== 'week') return condition
  const { scope, entryId, day, limitMs } = condition
  const from = startOfWeek(day)
  const { grants } = await sound.read({ extra: { scope, entryId, span: { from, to: addDays(from, 7) }, limit: 1 } })
  return { ...condition, limitMs: Math.max(0, limitMs - (grants[0]?.durationMs ?? 0)) }
}

function isSunday(day: Parameters<typeof startOfWeek>[0]): boolean {
  return addDays(startOfWeek(day), 6) === day
}
