import { isStoreError, type StoreErrorCode } from '@shepherd-store/core'
import { endOf, isOneInstant, type Program, type Row, type SqlRunner, type Statement } from '@shepherd-store/core/sql'
import type { Database, Statement as Prepared } from 'better-sqlite3'
import { retryWhileBusy } from './busy.ts'
import { bringInWhenLong } from './checkpoint.ts'
import { codeOf, toStoreError } from './errors.ts'
import { Handle } from './handle.ts'

export interface SqliteRunnerOptions {
  /** How long a call waits for other processes, in milliseconds. */
  readonly busyTimeoutMs: number
  /** Closes what the runner holds. */
  close(): void | Promise<void>
}

/** What programs run on: a database, or a handle that opens its file again when the disk failed a commit. */
export type SqliteConnection = Database | Handle

/** Statements that stay prepared. The store's own are fewer than a hundred. */
const PREPARED_MAX = 256

/**
 * Runs programs on one connection. A transaction never spans an `await`, so handles in one process cannot wait for each
 * other; and a call waits for other processes outside of SQLite, so that its event loop goes on. A program whose commit is
 * in doubt is tried once more, on a handle that was opened again: it finds what its first try did.
 */
export function sqliteRunner(connection: SqliteConnection, { busyTimeoutMs, close }: SqliteRunnerOptions): SqlRunner {
  const handle = connection instanceof Handle ? connection : undefined

  async function run<T>(begin: Statement, program: () => Program<T>): Promise<T> {
    if (handle === undefined) {
      return retryWhileBusy(busyTimeoutMs, () => transact(connection as Database, begin, program()))
    }
    const toWrite = begin === BEGIN_WRITE
    const result = await retryWhileBusy(busyTimeoutMs, () =>
      handle.use({ toWrite }, (database) => transact(database, begin, program())),
    )
    if (toWrite) await behindCommit(handle)
    else handle.requirePlaceAtTimes()
    return result
  }

  /** What can be read no more, as somebody has taken a file away, is asked of a connection that is opened again. */
  async function read<T>(program: () => Program<T>): Promise<T> {
    try {
      return await run(BEGIN_READ, program)
    } catch (error) {
      if (handle === undefined || !isFailed(error)) throw error
      handle.giveUp()
      return run(BEGIN_READ, program)
    }
  }

  async function write<T>(program: (tries: number) => Program<T>): Promise<T> {
    try {
      return await run(BEGIN_WRITE, () => program(0))
    } catch (error) {
      if (handle === undefined) throw error
      giveUpAfter(handle, error)
      if (!isInDoubt(error)) throw error
      // Whatever goes wrong now, the first try may have been applied.
      return await run(BEGIN_WRITE, () => program(1)).catch((later: unknown) => {
        giveUpAfter(handle, later)
        throw error
      })
    }
  }

  return {
    read,
    write,
    async close() {
      await close()
    },
  }
}

/** What is in the log is safe, whether or not it can be brought into the file now: that is tried again behind the next one. */
async function behindCommit(handle: Handle): Promise<void> {
  await handle.requireNames()
  if (handle.hasLongLog()) await handle.bringIn(bringInWhenLong).catch(() => {})
}

function giveUpAfter(handle: Handle, error: unknown): void {
  if (isInDoubt(error) || isFailed(error)) handle.giveUp()
}

/** Whether another connection may do better: one that met a file that takes no writes, cannot write when the file does. */
function isFailed(error: unknown): boolean {
  return isStoreError(error) && FAILED.has(error.code)
}

const FAILED: ReadonlySet<StoreErrorCode> = new Set(['IO', 'READ_ONLY', 'PERMISSION_DENIED'])

function isInDoubt(error: unknown): boolean {
  return isStoreError(error) && error.outcome === 'unknown'
}

/** All of a program's statements in one transaction, which ends before this returns. */
function transact<T>(database: Database, begin: Statement, program: Program<T>): T {
  const execute = executorOf(database)
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
    throw toStoreError(error, committing && LEAVES_IN_DOUBT.test(codeOf(error)) ? 'unknown' : 'not_applied')
  }
}

/** Of a commit: what it wrote may be whole all the same. A full disk has no room for its last page. */
const LEAVES_IN_DOUBT = /^SQLITE_(IOERR|NOMEM)/

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

type Executor = (statement: Statement<unknown>) => readonly Row[]
const executors = new WeakMap<Database, Executor>()

function executorOf(database: Database): Executor {
  const known = executors.get(database) ?? statementExecutor(database)
  executors.set(database, known)
  return known
}

/** Prepares each statement once. */
function statementExecutor(database: Database): Executor {
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
