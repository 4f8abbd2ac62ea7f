import { randomUUID } from 'node:crypto'
import { LIMITS, type UsageTotalAfter, type WriteOutcome, type WriteUnit } from '@shepherd-store/core'
import { at, onCommit, onDriver, onEachUnit, onUnits, type Saboteur, writeOne } from './saboteur.ts'

/** Defects in what an operation id promises: applied once, known again, never taken for another. */
export const operationSaboteurs: readonly Saboteur[] = [
  {
    name: 'operation-id-ignored',
    plants: 'applies a write again when it comes again with the same operation id',
    caughtBy: 'operations/repeat/add-usage-counts-once',
    sabotage: onUnits(({ operation: _, ...unit }) => unit),
  },
  {
    name: 'operation-id-without-scope',
    plants: 'takes the operation of one scope for that of another with the same id',
    caughtBy: 'operations/scope/an-id-is-its-scopes-own',
    sabotage: onOperations((operation) => ({ ...operation, scope: 'every scope' })),
  },
  {
    name: 'operation-id-by-node',
    plants: 'knows an operation again only when the same node repeats it',
    caughtBy: 'operations/scope/another-node-may-repeat',
    sabotage: onOperations((operation, { changes }) => {
      const nodes = changes.flatMap((change) =>
        change.table === 'audit' ? change.content.node : 'node' in change ? change.node : [],
      )
      return { ...operation, id: `${operation.id} of ${nodes[0]}` }
    }),
  },
  {
    name: 'operation-id-folded',
    plants: 'takes operation ids for equal that differ in case',
    caughtBy: 'operations/id/is-compared-exactly',
    sabotage: onOperations((operation) => ({ ...operation, id: operation.id.toLowerCase() })),
  },
  {
    name: 'operation-forgotten-after-a-day',
    plants: 'remembers operation ids for the rest of the day only',
    caughtBy: 'operations/repeat/is-remembered-for-30-days',
    sabotage: onOperations((operation) => ({
      ...operation,
      id: `${operation.id} of ${operation.appliedAt.toISOString().slice(0, 10)}`,
    })),
  },
  {
    name: 'operation-forgotten-at-the-end',
    plants: 'remembers operation ids in the process, not in the store',
    caughtBy: 'operations/repeat/survives-closing-and-crashing',
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
    caughtBy: 'operations/mismatch/every-difference-is-refused',
    sabotage: onOperations((operation) => ({ ...operation, digest: '0'.repeat(64) })),
  },
  {
    name: 'operation-after-conditions',
    plants: 'looks at the conditions first, and refuses to repeat what was applied',
    caughtBy: 'operations/repeat/is-found-before-conditions-are-looked-at',
    sabotage: onEachUnit(
      ({ operation, conditions }) => operation !== undefined && conditions.length > 0,
      async (sound, unit) => {
        const look = await writeOne(sound, { conditions: unit.conditions, changes: [] })
        return look.type === 'refused' ? look : writeOne(sound, unit)
      },
    ),
  },
  {
    name: 'refusal-remembered',
    plants: 'remembers an operation id that was refused, and refuses it for ever',
    caughtBy: 'operations/unrecorded/a-refusal-may-be-tried-again',
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
    plants: 'returns the newest records of the handle to a repetition, not those that it appended',
    caughtBy: 'operations/repeat/returns-what-was-stored-first',
    sabotage: onDriver((sound) => {
      let last = 0
      return {
        async write(units) {
          const outcomes = await sound.write(units)
          return outcomes.map((outcome) => {
            if (outcome.type === 'applied') last = outcome.audits.at(-1)?.id ?? last
            if (outcome.type !== 'repeated' || last < outcome.audits.count) return outcome
            const { count } = outcome.audits
            return { ...outcome, audits: { first: last - count + 1, count } }
          })
        },
      }
    }),
  },
  {
    name: 'repetition-returns-the-first-totals',
    plants: 'returns the totals of the first time to a repetition, not those of now',
    caughtBy: 'operations/repeat/returns-what-was-stored-first',
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
    caughtBy: 'operations/repeat/returns-what-was-stored-first',
    sabotage: onCommit((commit) => async (changes, options) => {
      const result = await commit(changes, options)
      return result.applied ? { ...result, repeated: false } : result
    }),
  },
  {
    name: 'operation-age-ignored',
    plants: 'applies an operation that is older than operations are remembered',
    caughtBy: 'operations/age/older-than-30-days-is-refused',
    sabotage: onCommit((commit, clock) => (changes, options) => {
      const operationAt: unknown = options?.operationAt
      const now = clock.now()
      const old = operationAt instanceof Date && now.getTime() - operationAt.getTime() > LIMITS.OPERATION_RETENTION_MS
      return commit(changes, old ? { ...options, operationAt: now } : options)
    }),
  },
]

function onOperations(
  defect: (operation: NonNullable<WriteUnit['operation']>, unit: WriteUnit) => NonNullable<WriteUnit['operation']>,
): Saboteur['sabotage'] {
  return onUnits((unit) => (unit.operation === undefined ? unit : { ...unit, operation: defect(unit.operation, unit) }))
}
