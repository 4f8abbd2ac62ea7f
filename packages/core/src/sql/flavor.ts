import type { AliasableExpression, Expression, Kysely, RawBuilder } from 'kysely'
import type { CheckStep } from '../driver.ts'
import type { AuditPosition } from '../effects.ts'
import type { StoreError, StoreErrorCode } from '../errors.ts'
import type { Program, SqlValue, Statement } from './program.ts'
import type { AuditLogTable, Tables } from './tables.ts'

/** A column, as Kysely writes it. */
export type Column = AliasableExpression<string>

/** In what one SQL database differs from another. Shared code asks these facts, never which database it is on. */
export interface SqlFlavor {
  /** Compiles, in the database's dialect and the store's schema. It runs nothing. */
  readonly db: Kysely<Tables>
  readonly types: {
    readonly integer: RawBuilder<unknown>
    readonly instant: RawBuilder<unknown>
    /** For the column of this name. */
    day(column: string): RawBuilder<unknown>
    readonly json: RawBuilder<unknown>
    /** Text that is compared and ordered byte by byte. */
    readonly text: RawBuilder<unknown>
  }
  /** What follows a table's definition; `keyed`: its rows are found by its primary key alone. */
  tableOptions(table: { readonly keyed: boolean }): RawBuilder<unknown>
  /** The text that was bound: ISO 8601 in UTC with milliseconds, `YYYY-MM-DD`, JSON byte for byte. */
  readonly textOf: {
    instant(column: Column): AliasableExpression<string>
    day(column: Column): AliasableExpression<string>
    json(column: Column): AliasableExpression<string>
  }
  /** The day of an instant, in UTC. */
  dayOf(instant: Column): AliasableExpression<string>
  /** When an operation is applied, and before when one may be forgotten: by the writer's clock, or the database's own. */
  readonly operationAge: {
    appliedAt(byWriter: string): string | Expression<string>
    forgetBefore(byWriter: string): string | Expression<string>
  }
  /** What is kept of a node that was heard of, whose clock shows `at`. */
  readonly nodeSeen: {
    /** By the database's own clock, where it has one. */
    seenAt(at: string): string | Expression<string>
    /** How far the node's clock is ahead of the database's; null where there is only one. */
    skewMs(at: string): Expression<number | null>
  }
  /** The node whose records no index has, where nearly all are its. */
  readonly usualNode?: string
  /** The same value, but not to be looked up in an index where the planner knows nothing of the rows. */
  aside<T>(column: Expression<T>): Expression<T>
  /** The sum of whole numbers from 0 to 2^53 − 1, exact up to there, which does not overflow, however many there are. */
  sum(numbers: Expression<unknown>): Expression<unknown>
  /** The largest of two or more. */
  greatest(values: readonly Expression<number>[]): Expression<number>
  /** Ends a query for rows to delete, so that it passes over those that others are deleting. */
  readonly skipLocked: RawBuilder<unknown>
  /** The names of the tables that stand where the store's belong. */
  readonly tableNames: Statement<{ readonly name: string }>
  /** What only this database needs to reach `version` from the version before, behind the shared definitions. */
  extraDefinitions(version: number): readonly string[]
  /** Keeps other openers out until the transaction ends, and makes room for the tables, where that is needed. */
  readonly beforeMigration: readonly Statement[]
  /** Version, size and what keeps the store from writing. */
  readonly status: Statement<DatabaseStatus>
  /** What each refusal that `status` may tell of means, and what to do. */
  readonly refusals: Readonly<Partial<Record<StoreErrorCode, string>>>
  /**
   * Until the transaction ends, keeps all other groups out of the scope (`exclusive`), or those that want it for
   * themselves (`shared`), where beginning the transaction did not.
   */
  lockScope?(slots: { readonly scope: string; readonly mode: LockMode }): Statement<unknown>
  /** Keeps the end of the log as it is until the transaction ends, where beginning the transaction did not. */
  readonly lockLog?: Statement<unknown>
  /**
   * Appends records, each with the next id and the chain's next link, both computed in the database, so that the log's
   * lock is never held over a round trip. Without it the head is read and the links computed here, under the write lock.
   */
  appendAudits?(records: readonly AuditColumns[]): Statement<AuditPosition>
  /**
   * Makes a group safe to send again when its reply was lost. Without it, replies cannot be lost, and a group whose commit
   * met an error is found again by its operation ids and records.
   */
  readonly replay?: ReplayGuard
  /** How the database itself is looked at, its schema and whatever it can tell of its pages, by `check`. In this order. */
  readonly checks: readonly DatabaseCheck[]
  /** Whether the failure lies in what one unit would have written, so that the others are to be tried without it. */
  blamesUnit(error: StoreError): boolean
}

/**
 * A part of a check, step by step. Damage may be thrown: then the part goes on with what is `past` the step, if that is
 * said. Then a step may also take too long, and becomes a blind spot.
 */
export interface DatabaseCheck {
  readonly part: string
  look(after: unknown): Program<Found>
  past?(after: unknown): unknown
}

/** What a step found. `after`: where the part goes on; `undefined`: it has ended. */
export type Found = Pick<CheckStep, 'checked' | 'problems' | 'blindSpots'> & { readonly after?: unknown }

export type LockMode = 'shared' | 'exclusive'

export type AuditColumns = Omit<AuditLogTable, 'id' | 'hash'> & Readonly<Record<string, SqlValue>>

export interface DatabaseStatus {
  readonly version: string
  readonly size_bytes: unknown
  /** What the database's own clock shows, in ISO 8601; `null` when it has none. */
  readonly time: string | null
  /** What keeps the store from writing; `null` when nothing does. */
  readonly refusal: StoreErrorCode | null
}

/** One row for each writer tells of its last group. Whoever writes or looks for it holds the writer's lock. */
export interface ReplayGuard {
  /** Keeps out another try of the same group until the transaction ends. */
  lock(slots: { readonly writer: string }): Statement<unknown>
  last(slots: { readonly writer: string }): Statement<{
    readonly last_group: unknown
    /** What the last group did, as JSON. */
    readonly applied: string
    readonly last_audit_id: unknown
  }>
  record(slots: { readonly writer: string; readonly group: number; readonly applied: string }): Statement<unknown>
  /** Removes the rows of a few writers that were not seen for as long as operations are remembered. */
  readonly forget: Statement<unknown>
  /**
   * Has the commit that comes behind it wait for all that commits before it wait for, such as a synchronous standby. What was
   * found in the tables is not safe before that, and a transaction that writes nothing waits for nobody.
   */
  readonly confirm: Statement<unknown>
}

/**
 * Runs programs, each in a transaction of its own. It throws only `StoreError`s, classified by the driver's codes.
 * An error's `outcome` is `unknown` when the transaction may have committed.
 */
export interface SqlRunner {
  /** Runs a program that changes nothing, as of one instant. */
  read<T>(program: () => Program<T>): Promise<T>
  /**
   * Runs a program under whatever keeps writers apart; a new one, a bounded number of times, where that helps. `tries`: how
   * many there were before, which may have been applied.
   */
  write<T>(program: (tries: number) => Program<T>): Promise<T>
  close(): Promise<void>
}
