import {
  type DriverCondition,
  type FailedCondition,
  type StoreDriver,
  StoreError,
  type UsageTotalAfter,
  type WriteOutcome,
  type WriteUnit,
} from '@shepherd-store/core'
import {
  at,
  bothOf,
  isConditional,
  onCommit,
  onDriver,
  onEachUnit,
  onOutcomes,
  onUnits,
  roundTrip,
  type Saboteur,
  writeOne,
} from './saboteur.ts'

/** Defects in what a commit is: all or nothing, in order, each caller with its own outcome. */
export const commitSaboteurs: readonly Saboteur[] = [
  {
    name: 'commit-in-pieces',
    plants: 'writes the changes of a commit one by one, so that those before a failing one stay',
    caughtBy: 'commit/atomic/an-overflow-writes-nothing',
    sabotage: onEachUnit(({ operation, changes }) => operation === undefined && changes.length > 1, inPieces),
  },
  {
    name: 'half-a-commit-when-refused',
    plants: 'appends the records of a commit whose conditions do not hold',
    caughtBy: 'commit/if/a-refusal-writes-nothing-of-any-kind',
    sabotage: onEachUnit(isConditional, async (sound, unit) => {
      const outcome = await writeOne(sound, unit)
      const records = unit.changes.filter(({ table }) => table === 'audit')
      if (outcome.type === 'refused') await writeOne(sound, { conditions: [], changes: records })
      return outcome
    }),
  },
  {
    name: 'last-change-dropped',
    plants: 'leaves out the last change of a commit of several, unless that is a record',
    caughtBy: 'commit/atomic/applies-every-kind-of-change',
    sabotage: onUnits((unit) => {
      const others = unit.changes.slice(0, -1)
      const dropped = others.length > 0 && unit.changes.at(-1)?.table !== 'audit'
      return dropped ? { ...unit, changes: others } : unit
    }),
  },
  {
    name: 'one-failure-fails-the-group',
    plants: 'answers every write of a group with the failure of one of them',
    caughtBy: 'commit/group/one-failure-leaves-the-others-alone',
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
    caughtBy: 'commit/order/calls-take-effect-in-the-order-they-were-made',
    sabotage: onDriver((sound) => ({ write: async (units) => (await sound.write(units.toReversed())).toReversed() })),
  },
  {
    name: 'outcomes-exchanged',
    plants: 'gives the first two callers of a group each other’s outcome',
    caughtBy: 'commit/group/each-call-gets-its-own-result',
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
    caughtBy: 'commit/if/looks-after-the-calls-before',
    sabotage: onDriver((sound) => ({
      async write(units) {
        if (!units.some(isConditional)) return sound.write(units)
        const looks = await sound.write(
          units.map((unit) => ({ conditions: isConditional(unit) ? unit.conditions : [], changes: [] })),
        )
        const outcomes: WriteOutcome[] = []
        for (const [index, unit] of units.entries()) {
          const look = at(looks, index)
          const decided = isConditional(unit) ? { ...unit, conditions: [] } : unit
          outcomes.push(look.type === 'applied' ? await writeOne(sound, decided) : look)
        }
        return outcomes
      },
    })),
  },
  {
    name: 'conditions-outside-the-transaction',
    plants: 'looks at the conditions of a commit first, and applies it a round trip later, whatever has become of them',
    caughtBy: 'concurrency/quota/two-nodes-win-exactly-what-fits',
    sabotage: onEachUnit(isConditional, async (sound, unit) => {
      const look = await writeOne(sound, { conditions: unit.conditions, changes: [] })
      await roundTrip()
      return look.type === 'applied' ? writeOne(sound, { ...unit, conditions: [] }) : look
    }),
  },
  {
    name: 'conditions-ignored',
    plants: 'applies a commit whether its conditions hold or not',
    caughtBy: 'commit/if/a-refusal-writes-nothing-of-any-kind',
    sabotage: onUnits((unit) => ({ ...unit, conditions: [] })),
  },
  {
    name: 'usage-below-or-equal',
    plants: 'takes usage that has reached its limit for usage below it',
    caughtBy: 'commit/if/usage-below-means-less-than',
    sabotage: bothOf(
      onConditions((condition) =>
        condition.type === 'usage_below' ? { ...condition, limitMs: condition.limitMs + 1 } : condition,
      ),
      // The limit is told as it was asked for.
      onFailed((failed) =>
        failed.map((found) => (found.type === 'usage_below' ? { ...found, limitMs: found.limitMs - 1 } : found)),
      ),
    ),
  },
  {
    name: 'cooldown-runs-at-its-end',
    plants: 'takes a cooldown that ends at the instant for one that runs',
    caughtBy: 'commit/if/a-cooldown-ends-at-its-millisecond',
    sabotage: onConditions((condition) =>
      condition.type === 'no_cooldown' ? { ...condition, at: new Date(condition.at.getTime() - 1) } : condition,
    ),
  },
  {
    name: 'first-failed-condition-only',
    plants: 'tells only the first of the conditions that did not hold',
    caughtBy: 'commit/if/every-failed-condition-comes-back-in-order',
    sabotage: onFailed((failed) => failed.slice(0, 1)),
  },
  {
    name: 'refusal-thrown',
    plants: 'throws when a condition does not hold, instead of returning it',
    caughtBy: 'commit/if/every-failed-condition-comes-back-in-order',
    throws: 'DATABASE',
    sabotage: onOutcomes((outcome) =>
      outcome.type === 'refused'
        ? { type: 'failed', error: new StoreError('DATABASE', 'a condition does not hold') }
        : outcome,
    ),
  },
  {
    name: 'totals-before-the-commit',
    plants: 'returns the totals as they were before the commit',
    caughtBy: 'commit/usage/totals-are-over-all-nodes',
    sabotage: onOutcomes((outcome, { changes }) => {
      if (outcome.type !== 'applied') return outcome
      const before = outcome.usage.map((total) => {
        const added = changes.flatMap((change) =>
          change.table === 'usage' && change.entryId === total.entryId && change.day === total.day ? change.addMs : [],
        )
        return { ...total, usedMs: added.reduce((ms, addMs) => ms - addMs, total.usedMs) }
      })
      return { ...outcome, usage: before }
    }),
  },
  {
    name: 'arguments-read-late',
    plants: 'reads the arguments of a commit only when its turn comes, when the caller may have changed them',
    caughtBy: 'commit/arguments/are-copied-at-the-call',
    sabotage: onCommit((commit) => async (changes, options) => {
      await Promise.resolve()
      return commit(changes, options)
    }),
  },
]

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

/** Looks at other conditions than those that were asked for. */
function onConditions(defect: (condition: DriverCondition) => DriverCondition): Saboteur['sabotage'] {
  return onUnits((unit) => ({ ...unit, conditions: unit.conditions.map(defect) }))
}

/** Tells of other conditions than those that did not hold. */
function onFailed(defect: (failed: readonly FailedCondition[]) => readonly FailedCondition[]): Saboteur['sabotage'] {
  return onOutcomes((outcome) =>
    outcome.type === 'refused' ? { ...outcome, failed: defect(outcome.failed) } : outcome,
  )
}
