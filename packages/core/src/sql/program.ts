import { StoreError } from '../errors.ts'

/** A value as every driver binds it. Instants are ISO 8601 text, days `YYYY-MM-DD`. */
export type SqlValue = string | number | null

/** One row, by column. */
export type Row = Readonly<Record<string, unknown>>

/** A compiled statement with its parameters. `R` is the type of its rows. */
export interface Statement<R = Row> {
  readonly sql: string
  readonly parameters: readonly SqlValue[]
  /** Not worth preparing: it runs once in the life of a database. */
  readonly once?: true
  /** The best plan depends on its values: one that is kept for all of them would be a bad one. */
  readonly plannedForItsValues?: true
  /** Never there; it carries the type of the rows. */
  readonly row?: R
}

/** Statements that are sent together. Their rows come back in the same order. */
export interface Flight {
  readonly statements: readonly Statement<unknown>[]
  /** Nothing comes after it: the transaction commits behind its last statement, in the same flight. */
  readonly commits: boolean
}

/**
 * What happens in one transaction, as a generator that yields flights and receives their rows. A backend whose driver
 * is synchronous runs it at once; one with a network awaits each flight. A program that returns without a flight that
 * commits has changed its mind: the transaction is rolled back.
 */
export type Program<T> = Generator<Flight, T, readonly (readonly Row[])[]>

/** Statements on their way into one flight; each gives, once the flight is back, its rows. */
export class Batch {
  readonly #statements: Statement<unknown>[] = []
  #rows: readonly (readonly unknown[])[] = []

  add<R>(statement: Statement<R>): () => readonly R[] {
    const index = this.#statements.push(statement) - 1
    // What the rows hold, the statement's type says.
    return () => (this.#rows[index] ?? []) as readonly R[]
  }

  /** Sends the statements, in the order in which they were added. */
  *send(): Program<void> {
    this.#rows = yield { statements: this.#statements, commits: false }
  }

  /** Sends the last statements of the transaction; their rows are there once it has committed. */
  *commit(): Program<void> {
    this.#rows = yield { statements: this.#statements, commits: true }
  }
}

/** Whether the flight is a whole transaction of one statement: every database makes one of it by itself. */
export function isOneInstant({ statements, commits }: Flight): boolean {
  return commits && statements.length === 1
}

/** What a program returns that has sent its last flight. */
export function endOf<T>(last: IteratorResult<Flight, T>): T {
  if (last.done === true) return last.value
  throw new StoreError('DATABASE', 'a program went on behind its end: a defect of this library, report it')
}
