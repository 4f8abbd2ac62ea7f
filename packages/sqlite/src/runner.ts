import { setTimeout as wait } from 'node:timers/promises'
import { StoreError, systemClock } from '@shepherd-store/core'
import { endOf, isOneInstant, type Program, type Row, type SqlRunner, type Statement } from '@shepherd-store/core/sql'
import type { Database, Statement as Prepared } from 'better-sqlite3'
import { codeOf, toStoreError } from './errors.ts'

export interface SqliteRunnerOptions {
  /** How long a call waits for other processes, in milliseconds. */
  readonly busyTimeoutMs: number
  /** Closes what the runner holds. */
  close(): void
}

/** The longest pause between two tries for the lock, in milliseconds. */
const RETRY_PAUSE_MS_MAX = 16
/** Statements that stay prepared. The store's own are fewer than a hundred. */
const PREPARED_MAX = 256

/**
 * Runs programs on one connection. A transaction never spans an `await`, so handles in one process cannot wait for each
 * other; and a call waits for other processes outside of SQLite, so that its event loop goes on.
 */
export function sqliteRunner(database: Database, { busyTimeoutMs, close }: SqliteRunnerOptions): SqlRunner {
  const execute = statementExecutor(database)

  /** All of a program's statements in one transaction, which ends before this returns. */
  function transact<T>(begin: Statement, program: Program<T>): T {
    if (!database.open)
      throw new StoreError('CLOSED', 'the store was closed while this call waited for other processes')
    let committing = false
    try {
      const first = program.next([])
      if (begin === BEGIN_READ && first.done !== true && isOneInstant(first.value)) {
        return endOf(program.next(first.value.statements.map(execute)))
      }
      execute(begin)
      let commits = false
      let step = first
      while (step.done !== true) {
        commits ||= step.value.commits
        step = program.next(step.value.statements.map(execute))
      }
      committing = commits
      execute(commits ? COMMIT : ROLLBACK)
      return step.value
    } catch (error) {
      // After a full disk or a failed write SQLite has rolled back by itself.
      if (database.inTransaction) rollBack(database)
      // A commit that met an error of the disk may stand in the file all the same.
      throw toStoreError(error, committing && codeOf(error).startsWith('SQLITE_IOERR') ? 'unknown' : 'not_applied')
    }
  }

  return {
    read: (program) => retryWhileBusy(busyTimeoutMs, () => transact(BEGIN_READ, program())),
    write: (program) => retryWhileBusy(busyTimeoutMs, () => transact(BEGIN_WRITE, program(0))),
    async close() {
      close()
    },
  }
}

const BEGIN_READ: Statement = { sql: 'begin', parameters: [] }
const BEGIN_WRITE: Statement = { sql: 'begin immediate', parameters: [] }
const COMMIT: Statement = { sql: 'commit', parameters: [] }
const ROLLBACK: Statement = { sql: 'rollback', parameters: [] }

/** The error that led here is the one to be told. */
function rollBack(database: Database): void {
  try {
    database.exec('rollback')
  } catch {
    // SQLite rolls back by itself when the connection is next used, or closed.
  }
}

/** Prepares each statement once. */
function statementExecutor(database: Database): (statement: Statement<unknown>) => readonly Row[] {
  const prepared = new Map<string, Prepared>()

  function prepare({ sql, once }: Statement<unknown>): Prepared {
    const known = prepared.get(sql)
    if (known !== undefined) return known
    const statement = database.prepare(sql)
    if (once) return statement
    const [oldest] = prepared.size < PREPARED_MAX ? [] : prepared.keys()
    if (oldest !== undefined) prepared.delete(oldest)
    prepared.set(sql, statement)
    return statement
  }

  return (statement) => {
    const ready = prepare(statement)
    if (ready.reader) return ready.all(...statement.parameters) as readonly Row[]
    ready.run(...statement.parameters)
    return []
  }
}

/** Calls `attempt` until it finds the lock free, with pauses of random length, so that no process starves another. */
export async function retryWhileBusy<T>(busyTimeoutMs: number, attempt: () => T): Promise<T> {
  const startedMs = systemClock.monotonicMs()
  for (;;) {
    try {
      return attempt()
    } catch (error) {
      const failure = toStoreError(error)
      if (failure.code !== 'BUSY') throw failure
      if (systemClock.monotonicMs() - startedMs >= busyTimeoutMs) {
        const message = `other processes kept the database locked for ${busyTimeoutMs} ms; try again`
        throw new StoreError('BUSY', message, { cause: error })
      }
      await wait(1 + Math.random() * (RETRY_PAUSE_MS_MAX - 1))
    }
  }
}
