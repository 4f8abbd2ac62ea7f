import { auditRecord } from './audit-records.ts'
import {
  auditRequest,
  checkPageLimit,
  checkRequest,
  readRequest,
  type ReadRequestOf,
  verifyRequest,
} from './audit-requests.ts'
import type { AuditVerification, VerifyOptions } from './audit-verification.ts'
import type { AuditHead, AuditQuery, AuditRecord, ReadAuditsOptions } from './audit.ts'
import type { Calendar } from './calendar.ts'
import type { CheckOptions, CheckReport } from './check-report.ts'
import { checkStore } from './check.ts'
import type { Clock } from './clock.ts'
import type { Engine } from './engine.ts'
import { duringOperation, fromArguments } from './errors.ts'
import { type ExportAuditsOptions, exportLines, exportRequest } from './export-audits.ts'
import { checkForget, type ForgetOptions, type ForgetResult, forgetScope } from './forget-scope.ts'
import {
  type AuditSource,
  checkImport,
  importAudits,
  type ImportAuditsOptions,
  type ImportAuditsResult,
} from './import-audits.ts'
import { logEnds } from './log-work.ts'
import { readPages } from './read-audits.ts'
import { applyRetention, checkRetention, type RetentionOptions, type RetentionResult } from './retention.ts'
import type { StopSignal } from './stop-signal.ts'
import type { NodeId, Scope } from './values.ts'
import { checkId, checkInstant } from './values.ts'
import { verifyLog } from './verify.ts'

/** What a store is besides its engine. */
export interface Viewpoint {
  readonly node: NodeId
  readonly scope: Scope
  readonly clock: Clock
  readonly calendar: Calendar
}

/** The part of a store that is about its log. */
export class LogView implements Viewpoint {
  readonly node: NodeId
  readonly scope: Scope
  readonly clock: Clock
  readonly calendar: Calendar
  protected readonly engine: Engine

  constructor(engine: Engine, { node, scope, clock, calendar }: Viewpoint) {
    this.engine = engine
    this.node = node
    this.scope = scope
    this.clock = clock
    this.calendar = calendar
  }

  getRecentAudits(limit: number): Promise<readonly AuditRecord[]> {
    return this.during('getRecentAudits', () => this.#audits({ limit: checkPageLimit(limit), order: 'desc' }))
  }

  listAudits(query: AuditQuery = {}): Promise<readonly AuditRecord[]> {
    return this.during('listAudits', () => this.#audits(query))
  }

  readAudits(query: ReadAuditsOptions = {}): AsyncIterable<AuditRecord> {
    return this.#each(
      'readAudits',
      () => readRequest(query, this.scope),
      (asked, left) => readPages(this.engine, untilLeft(asked, left)),
    )
  }

  auditHead(): Promise<AuditHead | undefined> {
    return this.during('auditHead', async () => {
      const { head } = await logEnds(this.engine)
      return head.id === 0 ? undefined : head
    })
  }

  verifyAudits(options: VerifyOptions = {}): Promise<AuditVerification> {
    return this.during('verifyAudits', () =>
      verifyLog(
        this.engine,
        fromArguments(() => verifyRequest(options)),
      ),
    )
  }

  check(options: CheckOptions = {}): Promise<CheckReport> {
    return this.during('check', () => {
      const checked = fromArguments(() => checkRequest(options))
      return checkStore(this.engine, this.now(), checked)
    })
  }

  exportAudits(options: ExportAuditsOptions): AsyncIterable<string> {
    return this.#each(
      'exportAudits',
      () => exportRequest(options, this.scope),
      (asked) => exportLines(this.engine, asked),
    )
  }

  importAudits(source: AuditSource, options: ImportAuditsOptions = {}): Promise<ImportAuditsResult> {
    return this.during('importAudits', () =>
      importAudits(
        this.engine,
        source,
        fromArguments(() => checkImport(source, options)),
      ),
    )
  }

  applyRetention(options: RetentionOptions): Promise<RetentionResult> {
    return this.during('applyRetention', () => {
      const { scope, node, calendar } = this
      const checked = fromArguments(() => checkRetention(options))
      return applyRetention(this.engine, { timestamp: this.now(), scope, node, calendar }, checked)
    })
  }

  forgetScope(scope: Scope, options: ForgetOptions): Promise<ForgetResult> {
    return this.during('forgetScope', () => {
      const checked = fromArguments(() => checkForget(options))
      const { node } = this
      return forgetScope(this.engine, { timestamp: this.now(), node, scope: checkId(scope, 'scope') }, checked)
    })
  }

  protected now(): Date {
    return fromArguments(() => checkInstant(this.clock.now(), 'the time of the clock'))
  }

  protected async during<T>(operation: string, call: () => Promise<T>): Promise<T> {
    try {
      this.engine.checkOpen()
      return await call()
    } catch (error) {
      throw duringOperation(error, operation)
    }
  }

  /** The arguments are read when the method is called; what is wrong with them is told when the first item is asked for. */
  #each<A, T>(
    operation: string,
    ask: () => A,
    iterate: (asked: A, left: StopSignal) => AsyncIterable<T>,
  ): AsyncIterable<T> {
    const asked = settled(() => fromArguments(ask))
    const { engine } = this
    async function* begin(left: StopSignal): AsyncGenerator<T, undefined> {
      try {
        engine.checkOpen()
        yield* iterate(asked(), left)
        return undefined
      } catch (error) {
        throw duringOperation(error, operation)
      }
    }
    return {
      [Symbol.asyncIterator]() {
        const leaving = new AbortController()
        const items = begin(leaving.signal)
        return {
          next: () => items.next(),
          // Whoever leaves does not wait for an item that may never come.
          return() {
            leaving.abort()
            return items.return(undefined)
          },
        }
      },
    }
  }

  async #audits(query: AuditQuery): Promise<readonly AuditRecord[]> {
    const audits = fromArguments(() => auditRequest(query, this.scope))
    return (await this.engine.read({ audits })).audits.map(auditRecord)
  }
}

/** A reader that follows ends when it is left. */
function untilLeft(asked: ReadRequestOf, left: StopSignal): ReadRequestOf {
  const { follow, signal } = asked
  return follow
    ? { ...asked, signal: signal === undefined ? left : AbortSignal.any([signal as AbortSignal, left as AbortSignal]) }
    : asked
}

/** The value, or the failure, of a call that is made now. */
function settled<T>(call: () => T): () => T {
  try {
    const value = call()
    return () => value
  } catch (error) {
    return () => {
      throw error
    }
  }
}
