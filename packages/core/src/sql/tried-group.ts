import type { WriteOutcome } from '../driver.ts'
import type { AuditPosition } from '../effects.ts'
import { StoreError } from '../errors.ts'
import { Batch, type Program } from './program.ts'
import type { Queries } from './queries.ts'
import type { AppliedUnit } from './replayed-group.ts'
import type { Statements } from './statements.ts'

/**
 * What the last try of a group was about to commit. Where the database keeps no number of a writer's last group, the group
 * is found again by what it alone writes: an operation id, or a record, whose hash covers random bits.
 */
export interface TriedGroup {
  committing?: {
    readonly applied: readonly AppliedUnit[]
    readonly positions: readonly AuditPosition[]
    readonly outcomes: readonly WriteOutcome[]
  }
}

/**
 * Of a group whose commit is in doubt: its outcomes, if it was applied, and `undefined` if it was not. It was one
 * transaction: a record of it tells of all of it, and so do its operation ids where each unit has one.
 * @throws StoreError `DATABASE`, whose outcome is unknown, where it left no such trace.
 */
export function* outcomesOfTried(
  { statements, queries }: { readonly statements: Statements; readonly queries: Queries },
  { committing }: TriedGroup,
): Program<readonly WriteOutcome[] | undefined> {
  if (committing === undefined) return undefined
  const { applied, positions, outcomes } = committing
  const [position] = positions
  const operations = applied.flatMap(({ operation }) => operation ?? [])
  const find = new Batch()
  const record =
    position && find.add(queries.audits({ after: position.id - 1, before: position.id + 1, order: 'asc', limit: 1 }))
  const answers = operations.map((operation) => find.add(statements.operation(operation)))
  yield* find.send()
  if (record !== undefined && record()[0]?.hash === position?.hash) return outcomes
  const found = answers.filter((answer, index) => answer()[0]?.digest === operations[index]?.digest).length
  if (record === undefined && operations.length === applied.length && found === applied.length) return outcomes
  if ((record !== undefined || operations.length > 0) && found === 0) return undefined
  const message = 'the write left no trace by which it could be found again: look, or give it an operation id'
  throw new StoreError('DATABASE', message, { outcome: 'unknown' })
}
