import { createHash } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { type Outcome, StoreError, systemClock, withOutcome } from '@shepherd-store/core'
import { endOf, isOneInstant, type Program, type Row, type SqlRunner, type Statement } from '@shepherd-store/core/sql'
import type { PoolClient, QueryResult } from 'pg'
import type { Connections } from './connections.ts'
import {
  asRetryable,
  isStandbysRefusal,
  mayBeOfConnections,
  settlesCommit,
  settlesTransaction,
  standbyError,
  toStoreError,
} from './errors.ts'

export interface PostgresRunnerOptions {
  /** How long a call may take with all its tries, in milliseconds. */
  readonly callTimeoutMs: number
}

/** Tries of one call. A server that restarts is back within them; one that is gone is told within a second. */
const ATTEMPTS_MAX = 5
/** The pause before the second try, in milliseconds; each further one is twice as long. */
const FIRST_PAUSE_MS = 50
/** A timer of Node may be early by a millisecond: what ends then was ended by it. */
const TIMER_EARLY_MS = 2

/**
 * Runs programs on connections of a pool, each flight sent as one (where the client pipelines). A connection on which
 * anything failed is never used again. What may help, is tried again: groups carry the number that makes that safe.
 */
export function postgresRunner(connections: Connections, { callTimeoutMs }: PostgresRunnerOptions): SqlRunner {
  const attemptMs = attemptMsWithin(callTimeoutMs)
  /** No try begins later than this, so that the last one ends within the call's time. */
  const lastStartMs = callTimeoutMs - attemptMs

  /** One try: one transaction on one connection. */
  async function transact<T>(begin: Statement<unknown>, program: Program<T>): Promise<T> {
    const deadlineMs = systemClock.monotonicMs() + attemptMs
    const leftMs = () => Math.max(1, Math.ceil(deadlineMs - systemClock.monotonicMs()))
    const client = await connections.checkOut(leftMs())
    const writes = begin === BEGIN_WRITE
    let committed = false
    try {
      let step = program.next([])
      if (connections.areOurs && !writes && step.done !== true && isOneInstant(step.value)) {
        const { statements } = step.value
        const opening = isTimed.has(client) ? [] : [sessionSettings(attemptMs)]
        const rows = await fly(client, [...opening, ...statements], { commits: false, writes }, leftMs())
        isTimed.add(client)
        const value = endOf(program.next(rows.slice(opening.length)))
        client.release()
        return value
      }
      let opening = [begin, settingsFor(leftMs())]
      while (step.done !== true) {
        const { statements, commits } = step.value
        const rows = await fly(client, [...opening, ...statements], { commits, writes }, leftMs())
        committed = commits
        step = program.next(rows.slice(opening.length))
        opening = []
      }
      if (!committed) await client.query(queryConfig(ROLLBACK, leftMs()))
      client.release()
      return step.value
    } catch (error) {
      client.release(true)
      const failure = toStoreError(error)
      throw writes && committed ? withOutcome(failure, 'unknown') : failure
    }
  }

  async function persevere<T>(attempt: (tries: number) => Promise<T>): Promise<T> {
    const startedMs = systemClock.monotonicMs()
    let outcome: Outcome = 'not_applied'
    for (let tries = 1; ; tries += 1) {
      try {
        return await attempt(tries - 1)
      } catch (error) {
        const failure = toStoreError(error)
        if (failure.outcome === 'unknown') outcome = 'unknown'
        if (mayBeOfConnections(failure)) connections.renew(failure.code)
        const pauseMs = FIRST_PAUSE_MS * 2 ** (tries - 1) * (0.5 + Math.random())
        const nextStartMs = systemClock.monotonicMs() - startedMs + pauseMs
        // A later try that failed for certain does not settle an earlier one.
        if (!mayPass(failure) || tries === ATTEMPTS_MAX || nextStartMs > lastStartMs)
          throw withOutcome(failure, outcome)
        await wait(pauseMs)
      }
    }
  }

  return {
    read: (program) => persevere(() => transact(BEGIN_READ, program())),
    write: (program) => persevere((tries) => transact(BEGIN_WRITE, program(tries))),
    close: () => connections.close(),
  }
}

/**
 * The isolation is said, since a role can have another default: decisions are made on what is read behind a lock. That it
 * writes is said apart: a standby would refuse such a BEGIN, and one that is promoted in that moment do what comes behind
 * it in no transaction.
 */
const BEGIN_WRITE: Statement = {
  sql: 'begin isolation level read committed; set transaction read write',
  parameters: [],
  once: true,
}
const BEGIN_READ: Statement = { sql: 'begin isolation level repeatable read read only', parameters: [], once: true }
const ROLLBACK: Statement = { sql: 'rollback', parameters: [], once: true }
const COMMIT: Statement = { sql: 'commit', parameters: [], once: true }

/** How long one try may take: a call has time for two that run out of time, and for more that fail sooner. */
export function attemptMsWithin(callTimeoutMs: number): number {
  return Math.ceil(callTimeoutMs / 3)
}

/** Connections of our own on which a statement outside of a transaction ends in time. */
const isTimed = new WeakSet<PoolClient>()

/**
 * As `settingsFor`, for statements that are transactions of their own. A role's defaults are set aside by what needs no
 * snapshot: one that is serializable and deferrable would wait for others before it could say so.
 */
function sessionSettings(attemptMs: number): Statement<unknown> {
  return {
    sql: `set session characteristics as transaction isolation level read committed, not deferrable;
      set lock_timeout = ${Math.ceil(attemptMs * LOCK_SHARE)}; set statement_timeout = ${Math.ceil(attemptMs * STATEMENT_SHARE)}`,
    parameters: [],
    once: true,
  }
}

/** How much of a try's time the server gives a lock, and a statement: its answer comes before the client gives it up. */
const LOCK_SHARE = 0.5
const STATEMENT_SHARE = 0.8

/** What is left of a try bounds it on the server too, whose answer comes before the client gives the server up. */
function settingsFor(leftMs: number): Statement<unknown> {
  const lockMs = Math.ceil(leftMs * LOCK_SHARE)
  const statementMs = Math.ceil(leftMs * STATEMENT_SHARE)
  // A role's own default could acknowledge what is not on the disk yet, or not on that of a synchronous standby.
  return {
    sql: `select set_config('lock_timeout', $1, true), set_config('statement_timeout', $2, true),
      set_config('idle_in_transaction_session_timeout', $3, true), set_config('synchronous_commit', case current_setting('synchronous_commit')
        when 'off' then 'on' when 'local' then 'on' else current_setting('synchronous_commit') end, true)`,
    parameters: [String(lockMs), String(statementMs), String(leftMs)],
  }
}

/** Sends the statements together and returns their rows. The first error is the one that is reported. */
async function fly(
  client: PoolClient,
  statements: readonly Statement<unknown>[],
  { commits, writes }: { readonly commits: boolean; readonly writes: boolean },
  timeoutMs: number,
): Promise<readonly (readonly Row[])[]> {
  const startedMs = systemClock.monotonicMs()
  const results = await query(client, commits ? [...statements, COMMIT] : statements, timeoutMs)
  const failed = results.find((result) => result.status === 'rejected')
  if (failed !== undefined) {
    if (writes && failed === results[0] && isStandbysRefusal(failed.reason)) throw standbyError(failed.reason)
    // What follows on a BEGIN that failed is in no transaction: it may have been done.
    const isTransaction = results[0]?.status === 'fulfilled' || statements[0] !== BEGIN_WRITE
    const isCommits = commits && failed === results[statements.length]
    const isSettled =
      isTransaction &&
      (isCommits
        ? settlesCommit(failed.reason)
        : results.some((result) => result.status === 'rejected' && settlesTransaction(result.reason)))
    const outcome = !commits || !writes || isSettled ? 'not_applied' : 'unknown'
    if (systemClock.monotonicMs() - startedMs < timeoutMs - TIMER_EARLY_MS) {
      const error = toStoreError(failed.reason, outcome)
      // The next try finds out.
      throw isCommits && !isSettled ? asRetryable(error) : error
    }
    const message = `the server did not answer within ${timeoutMs} ms; look whether it runs, and at the network`
    throw new StoreError('TIMEOUT', message, { cause: failed.reason, outcome })
  }
  const answers = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
  // A transaction that failed answers COMMIT with ROLLBACK, and without an error.
  if (commits && answers.at(-1)?.command !== 'COMMIT') {
    throw new StoreError('DATABASE', 'the transaction was rolled back instead of committed; try again', {
      retryable: true,
    })
  }
  return answers.map(({ rows }) => rows)
}

type Settled = PromiseSettledResult<QueryResult<Record<string, unknown>>>

async function query(
  client: PoolClient,
  statements: readonly Statement<unknown>[],
  timeoutMs: number,
): Promise<readonly Settled[]> {
  const send = (statement: Statement<unknown>) =>
    client.query<Record<string, unknown>>(queryConfig(statement, timeoutMs))
  if (isPipelining(client)) return Promise.allSettled(statements.map(send))
  const results: Settled[] = []
  for (const statement of statements) {
    const [result] = await Promise.allSettled([send(statement)])
    if (result !== undefined) results.push(result)
    if (result?.status === 'rejected') break
  }
  return results
}

function isPipelining(client: PoolClient): boolean {
  return 'pipeline' in client && client.pipeline
}

/** Values come as the text that the server sends: what they are, core decides. */
const AS_TEXT = { getTypeParser: () => (value: string) => value }

function queryConfig({ sql, parameters, once, plannedForItsValues }: Statement<unknown>, timeoutMs: number) {
  return {
    text: sql,
    values: [...parameters],
    types: AS_TEXT,
    query_timeout: timeoutMs,
    ...(once || plannedForItsValues ? {} : { name: statementName(sql) }),
  }
}

const names = new Map<string, string>()

/** pg prepares a statement on a connection when it first meets its name; one name is one text, whoever else uses the pool. */
function statementName(sql: string): string {
  let name = names.get(sql)
  if (name === undefined) {
    name = `shepherd_${createHash('sha256').update(sql).digest('hex').slice(0, 24)}`
    names.set(sql, name)
  }
  return name
}

/** A read-only server may be the old primary: another connection may find the new one. */
function mayPass({ retryable, code }: StoreError): boolean {
  return retryable || code === 'READ_ONLY'
}
