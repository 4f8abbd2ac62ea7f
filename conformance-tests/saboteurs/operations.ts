import { randomUUID } from 'node:crypto'
import type { UsageTotalAfter, WriteOutcome, WriteUnit } from '@shepherd-store/core'
import { at, onCommit, onDriver, onUnits, type Saboteur, writeOne } from './saboteur.ts'

/** Defects in what an operation id promises: applied once, known again, never taken for another. */
export const operationSaboteurs: readonly Saboteur[] = [
  {
    name: 'operation-id-ignored',
    plants: 'applies a write again when it comes again with the same operation id',
    sabotage: onUnits(({ operation: _, ...unit }) => unit),
  },
  {
    name: 'operation-id-without-scope',
    plants: 'takes the operation of one scope for that of another with the same id',
    sabotage: onOperations((operation) => ({ ...operation, scope: 'every scope' })),
  },
  {
    name: 'operation-id-by-node',
    plants: 'knows an operation again only when the same node repeats it',
    sabotage: onOperations((operation, { changes }) => {
      const nodes = changes.map((change) =>
        change.table === 'audit' ? change.content.node : 'node' in change ? change.node : '',
      )
      return { ...operation, id: `${operation.id} of ${nodes.join()}` }
    }),
  },
  {
    name: 'operation-id-folded',
    plants: 'takes operation ids for equal that differ in case',
    sabotage: onOperations((operation) => ({ ...operation, id: operation.id.toLowerCase() })),
  },
  {
    name: 'operation-forgotten-after-a-day',
    plants: 'remembers operation ids for the rest of the day only',
    sabotage: onOperations((operation) => ({
      ...operation,
      id: `${operation.id} of ${operation.appliedAt.toISOString().slice(0, 10)}`,
    })),
  },
  {
    name: 'operation-forgotten-at-the-end',
    plants: 'remembers operation ids in the process, not in the store',
    sabotage: onDriver((sound) => {
      // A mark of its own for each handle, by which no other knows the operation.
      const handle = randomUUID()
      const marked = ({ operation, ...unit }: WriteUnit): WriteUnit =>
        operation === undefined ? unit : { ...unit, operation: { ...operation, id: `${operation.id} of ${handle}` } }
      return { write: (units) => sound.write(units.map(marked)) }
    }),
  },
  {
    name: 'operation-content-ignored',
    plants: 'takes any write with a known operation id for a repetition',
    sabotage: onOperations((operation) => ({ ...operation, digest: '0'.repeat(64) })),
  },
  {
    name: 'operation-after-conditions',
    plants: 'looks at the conditions first, and refuses to repeat what was applied',
    sabotage: onDriver((sound) => ({
      async write(units) {
        const outcomes: WriteOutcome[] = []
        for (const unit of units) {
          const look = await writeOne(sound, { conditions: unit.conditions, changes: [] })
          outcomes.push(look.type === 'refused' ? look : await writeOne(sound, unit))
        }
        return outcomes
      },
    })),
  },
  {
    name: 'refusal-remembered',
    plants: 'remembers an operation id that was refused, and refuses it for ever',
    sabotage: onDriver((sound) => {
      const refused = new Map<string, WriteOutcome>()
      return {
        async write(units) {
          const outcomes = await sound.write(units)
          return units.map(({ operation }, index) => {
            const outcome = at(outcomes, index)
            if (operation === undefined) return outcome
            const key = JSON.stringify([operation.scope, operation.id])
            if (outcome.type === 'refused') refused.set(key, outcome)
            return refused.get(key) ?? outcome
          })
        },
      }
    }),
  },
  {
    name: 'repetition-returns-the-last-records',
    plants: 'returns the newest records to a repetition, not those that it appended',
    sabotage: onDriver((sound) => ({
      async write(units) {
        const outcomes = await sound.write(units)
        const last = (await sound.read({ audits: { order: 'desc', limit: 1 } })).audits[0]?.id ?? 0
        return outcomes.map((outcome) => {
          if (outcome.type !== 'repeated') return outcome
          const { count } = outcome.audits
          return { ...outcome, audits: { first: last - count + 1, count } }
        })
      },
    })),
  },
  {
    name: 'repetition-returns-the-first-totals',
    plants: 'returns the totals of the first time to a repetition, not those of now',
    sabotage: onDriver((sound) => {
      const firstTotals = new Map<string, readonly UsageTotalAfter[]>()
      return {
        async write(units) {
          const outcomes = await sound.write(units)
          return units.map(({ operation }, index) => {
            const outcome = at(outcomes, index)
            const key = JSON.stringify([operation?.scope, operation?.id])
            if (outcome.type === 'applied') firstTotals.set(key, outcome.usage)
            return outcome.type === 'repeated' ? { ...outcome, usage: firstTotals.get(key) ?? outcome.usage } : outcome
          })
        },
      }
    }),
  },
  {
    name: 'repetition-not-told',
    plants: 'does not say of a repetition that it is one',
    sabotage: onCommit((commit) => async (changes, options) => {
      const result = await commit(changes, options)
      return result.applied ? { ...result, repeated: false } : result
    }),
  },
  {
    name: 'operation-age-ignored',
    plants: 'applies an operation that is older than operations are remembered',
    sabotage: onCommit(
      (commit) => (changes, options) => commit(changes, options && { ...options, operationAt: undefined }),
    ),
  },
]

function onOperations(
  defect: (operation: NonNullable<WriteUnit['operation']>, unit: WriteUnit) => NonNullable<WriteUnit['operation']>,
): Saboteur['sabotage'] {
  return onUnits((unit) => (unit.operation === undefined ? unit : { ...unit, operation: defect(unit.operation, unit) }))
}
