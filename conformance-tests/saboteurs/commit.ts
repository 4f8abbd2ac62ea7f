import {
  type DriverCondition,
  type StoreDriver,
  StoreError,
  type UsageTotalAfter,
  type WriteOutcome,
  type WriteUnit,
} from '@shepherd-store/core'
import { at, onDriver, onCommit, onOutcomes, onUnits, roundTrip, type Saboteur, writeOne } from './saboteur.ts'

/** Defects in what a commit is: all or nothing, in order, each caller with its own outcome. */
export const commitSaboteurs: readonly Saboteur[] = [
  {
    name: 'commit-in-pieces',
    plants: 'writes the changes of a commit one by one, so that those before a failing one stay',
    sabotage: onDriver((sound) => ({ write: (units) => eachAlone(units, (unit) => inPieces(sound, unit)) })),
  },
  {
    name: 'half-a-commit-when-refused',
    plants: 'appends the records of a commit whose conditions do not hold',
    sabotage: onDriver((sound) => ({
      write: (units) =>
        eachAlone(units, async (unit) => {
          const outcome = await writeOne(sound, unit)
          const records = unit.changes.filter(({ table }) => table === 'audit')
          const half: WriteUnit = { conditions: [], changes: records }
          if (outcome.type === 'refused' && records.length > 0) await writeOne(sound, half)
          return outcome
        }),
    })),
  },
  {
    name: 'last-change-dropped',
    plants: 'leaves out the last change of a commit of several, unless that is a record',
    sabotage: onUnits((unit) => {
      const others = unit.changes.slice(0, -1)
      const dropped = others.length > 0 && unit.changes.at(-1)?.table !== 'audit'
      return dropped ? { ...unit, changes: others } : unit
    }),
  },
  {
    name: 'one-failure-fails-the-group',
    plants: 'answers every write of a group with the failure of one of them',
    sabotage: onDriver((sound) => ({
      async write(units) {
        const outcomes = await sound.write(units)
        const failure = outcomes.find(({ type }) => type === 'failed')
        return failure === undefined ? outcomes : outcomes.map(() => failure)
      },
    })),
  },
  {
    name: 'group-in-reverse',
    plants: 'applies the writes of a group in reverse order',
    sabotage: onDriver((sound) => ({ write: async (units) => (await sound.write(units.toReversed())).toReversed() })),
  },
  {
    name: 'outcomes-exchanged',
    plants: 'gives the first two callers of a group each other’s outcome',
    sabotage: onDriver((sound) => ({
      async write(units) {
        const outcomes = await sound.write(units)
        const [first, second, ...others] = outcomes
        return first === undefined || second === undefined ? outcomes : [second, first, ...others]
      },
    })),
  },
  {
    name: 'conditions-before-the-group',
    plants: 'looks at the conditions of all writes of a group before it applies any of them',
    sabotage: onDriver((sound) => ({
      async write(units) {
        const looks = await sound.write(units.map(({ conditions }) => ({ conditions, changes: [] })))
        const outcomes: WriteOutcome[] = []
        for (const [index, unit] of units.entries()) {
          const look = at(looks, index)
          outcomes.push(look.type === 'applied' ? await writeOne(sound, { ...unit, conditions: [] }) : look)
        }
        return outcomes
      },
    })),
  },
  {
    name: 'conditions-outside-the-transaction',
    plants: 'looks at the conditions of a commit first, and applies it a round trip later, whatever has become of them',
    sabotage: onDriver((sound) => ({
      write: (units) =>
        eachAlone(units, async (unit) => {
          if (unit.conditions.length === 0 || unit.operation !== undefined) return writeOne(sound, unit)
          const look = await writeOne(sound, { conditions: unit.conditions, changes: [] })
          await roundTrip()
          return look.type === 'applied' ? writeOne(sound, { ...unit, conditions: [] }) : look
        }),
    })),
  },
  {
    name: 'conditions-ignored',
    plants: 'applies a commit whether its conditions hold or not',
    sabotage: onUnits((unit) => ({ ...unit, conditions: [] })),
  },
  {
    name: 'usage-below-or-equal',
    plants: 'takes usage that has reached its limit for usage below it',
    sabotage: onConditions((condition) =>
      condition.type === 'usage_below' ? { ...condition, limitMs: condition.limitMs + 1 } : condition,
    ),
  },
  {
    name: 'cooldown-runs-at-its-end',
    plants: 'takes a cooldown that ends at the instant for one that runs',
    sabotage: onConditions((condition) =>
      condition.type === 'no_cooldown' ? { ...condition, at: new Date(condition.at.getTime() - 1) } : condition,
    ),
  },
  {
    name: 'first-failed-condition-only',
    plants: 'tells only the first of the conditions that did not hold',
    sabotage: onOutcomes((outcome) =>
      outcome.type === 'refused' ? { ...outcome, failed: outcome.failed.slice(0, 1) } : outcome,
    ),
  },
  {
    name: 'refusal-thrown',
    plants: 'throws when a condition does not hold, instead of returning it',
    sabotage: onOutcomes((outcome) =>
      outcome.type === 'refused'
        ? { type: 'failed', error: new StoreError('DATABASE', 'a condition does not hold') }
        : outcome,
    ),
  },
  {
    name: 'totals-before-the-commit',
    plants: 'returns the totals as they were before the commit',
    sabotage: onOutcomes((outcome, { changes }) => {
      if (outcome.type !== 'applied') return outcome
      const before = outcome.usage.map((total) => {
        const added = changes.filter((change) => change.table === 'usage' && change.entryId === total.entryId)
        return {
          ...total,
          usedMs: added.reduce((ms, change) => ms - ('addMs' in change ? change.addMs : 0), total.usedMs),
        }
      })
      return { ...outcome, usage: before }
    }),
  },
  {
    name: 'arguments-read-late',
    plants: 'reads the arguments of a commit only when its turn comes, when the caller may have changed them',
    sabotage: onCommit((commit) => async (changes, options) => {
      await Promise.resolve()
      return commit(changes, options)
    }),
  },
]

async function eachAlone(
  units: readonly WriteUnit[],
  write: (unit: WriteUnit) => Promise<WriteOutcome>,
): Promise<readonly WriteOutcome[]> {
  const outcomes: WriteOutcome[] = []
  for (const unit of units) outcomes.push(await write(unit))
  return outcomes
}

async function inPieces(driver: StoreDriver, unit: WriteUnit): Promise<WriteOutcome> {
  const [first, ...others] = unit.changes
  let whole = await writeOne(driver, { ...unit, changes: first === undefined ? [] : [first] })
  for (const change of others) {
    if (whole.type !== 'applied') return whole
    const piece = await writeOne(driver, { conditions: [], changes: [change] })
    if (piece.type !== 'applied') return piece
    whole = { ...whole, audits: [...whole.audits, ...piece.audits], usage: latestTotals(whole.usage, piece.usage) }
  }
  return whole
}

function latestTotals(
  before: readonly UsageTotalAfter[],
  after: readonly UsageTotalAfter[],
): readonly UsageTotalAfter[] {
  const named = (total: UsageTotalAfter) => [JSON.stringify([total.entryId, total.day]), total] as const
  return [...new Map([...before, ...after].map(named)).values()]
}

/** Looks at other conditions than those that were asked for. A limit is told as it was asked for. */
function onConditions(defect: (condition: DriverCondition) => DriverCondition): Saboteur['sabotage'] {
  return onDriver((sound) => ({
    async write(units) {
      const outcomes = await sound.write(units.map((unit) => ({ ...unit, conditions: unit.conditions.map(defect) })))
      return units.map(({ conditions }, index) => withLimitsOf(conditions, at(outcomes, index)))
    },
  }))
}

function withLimitsOf(conditions: readonly DriverCondition[], outcome: WriteOutcome): WriteOutcome {
  if (outcome.type !== 'refused') return outcome
  const failed = outcome.failed.map((found) => {
    if (found.type !== 'usage_below') return found
    const asked = conditions.find((condition) => condition.type === found.type && condition.entryId === found.entryId)
    return asked?.type === 'usage_below' ? { ...found, limitMs: asked.limitMs } : found
  })
  return { ...outcome, failed }
}
