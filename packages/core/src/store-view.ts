import type { AuditEvent, AuditRecord, Correction, MaybeCorrection } from './audit.ts'
import type { Applied, Change, CommitOptions, Refused, WriteOptions } from './change.ts'
import { systemClock } from './clock.ts'
import { commitResult } from './commit-result.ts'
import { type DayState, dayState } from './day-state.ts'
import type { Day } from './day.ts'
import type { Capabilities } from './driver.ts'
import { duringOperation, fromArguments, invalidArgument, StoreError } from './errors.ts'
import type { HealthReport } from './health.ts'
import { LIMITS } from './limits.ts'
import { usageGroupings, usageRequest, usageTotals } from './list-usage.ts'
import { LogView } from './log-view.ts'
import { type PeriodOptions, spanOfPeriod } from './period.ts'
import { readableCooldown, readableUsage } from './readable.ts'
import { nodeRecord, sessionRecord, sessionRequest } from './session-records.ts'
import type { NodeRecord, SessionQuery, SessionRecord } from './session.ts'
import type { SavedSnapshot, StateSnapshot } from './snapshot.ts'
import type { OwnedStore, Store, ViewOptions } from './store.ts'
import { writeUnit } from './units.ts'
import type { UsageQuery, UsageTotal } from './usage.ts'
import type { DurationMs, EntryId } from './values.ts'
import { checkFields, checkId, describe } from './values.ts'
import { decodeSnapshot } from './wire.ts'

class StoreView extends LogView implements Store {
  get capabilities(): Capabilities {
    return this.engine.driver.capabilities
  }

  today(): Day {
    return this.calendar.dayOf(this.now())
  }

  async appendAudit(event: AuditEvent, options: WriteOptions = {}): Promise<AuditRecord> {
    const { audits } = await this.#apply('appendAudit', [{ type: 'append_audit', event }], options)
    const record = audits[0]
    if (record !== undefined) return record
    throw new StoreError(
      'NOT_FOUND',
      'appendAudit: this operation was applied before, and its record is not in the log any more: look in the archives',
    )
  }

  getUsage(entryId: EntryId, day: Day, options: PeriodOptions = {}): Promise<DurationMs> {
    return this.during('getUsage', async () => {
      const span = fromArguments(() => spanOfPeriod(day, options))
      const usage = { scope: this.scope, entryId: checkId(entryId, 'entryId'), ...span, by: [], limit: 1 }
      const [sum] = (await this.engine.read({ usage })).usage
      return sum === undefined ? 0 : readableUsage({ entryId, day }, sum)
    })
  }

  async addUsage(entryId: EntryId, day: Day, durationMs: DurationMs, options: WriteOptions = {}): Promise<void> {
    await this.#apply('addUsage', [{ type: 'add_usage', entryId, day, durationMs }], options)
  }

  getCooldownUntil(entryId: EntryId): Promise<Date | undefined> {
    return this.during('getCooldownUntil', async () => {
      const { cooldowns } = await this.engine.read({
        cooldowns: { scope: this.scope, entryId: checkId(entryId, 'entryId') },
      })
      const until = readableCooldown(entryId, cooldowns[0]?.until)
      return until && new Date(until)
    })
  }

  async setCooldownUntil(entryId: EntryId, until: Date): Promise<void> {
    await this.#apply('setCooldownUntil', [{ type: 'set_cooldown', entryId, until }], {})
  }

  async clearCooldown(entryId: EntryId, options: WriteOptions & MaybeCorrection = {}): Promise<void> {
    await this.#correct('clearCooldown', options, (correction) => ({ type: 'clear_cooldown', entryId, ...correction }))
  }

  adjustUsage(entryId: EntryId, day: Day, byMs: number, options: WriteOptions & Correction): Promise<Applied> {
    return this.#correct('adjustUsage', options, (correction) => {
      return { type: 'adjust_usage', entryId, day, byMs, ...correction }
    })
  }

  grantTime(entryId: EntryId, day: Day, byMs: number, options: WriteOptions & Correction): Promise<Applied> {
    return this.#correct('grantTime', options, (correction) => {
      return { type: 'grant_time', entryId, day, byMs, ...correction }
    })
  }

  loadSnapshot(): Promise<SavedSnapshot | undefined> {
    return this.during('loadSnapshot', async () => {
      const { scope, node } = this
      const row = (await this.engine.read({ snapshots: { scope, node } })).snapshots[0]
      if (row === undefined) return undefined
      try {
        return { snapshot: decodeSnapshot(row.text), revision: row.revision }
      } catch (cause) {
        throw new StoreError('MALFORMED', `the snapshot of node ${describe(node)} cannot be read; save a new one`, {
          cause,
        })
      }
    })
  }

  async saveSnapshot(snapshot: StateSnapshot): Promise<void> {
    await this.#apply('saveSnapshot', [{ type: 'save_snapshot', snapshot }], {})
  }

  async isHealthy(): Promise<boolean> {
    return (await this.health()).healthy
  }

  commit(changes: readonly Change[], options?: WriteOptions & { readonly if?: undefined }): Promise<Applied>
  commit(changes: readonly Change[], options?: CommitOptions): Promise<Applied | Refused>
  commit(changes: readonly Change[], options: CommitOptions = {}): Promise<Applied | Refused> {
    return this.during('commit', () => this.#commit(changes, options))
  }

  getDayState(day: Day, options: PeriodOptions = {}): Promise<DayState> {
    return this.during('getDayState', async () => {
      const { scope } = this
      const limit = LIMITS.DAY_STATE_ENTRIES_MAX + 1
      const span = fromArguments(() => spanOfPeriod(day, options))
      const read = await this.engine.read({
        usage: { scope, ...span, by: ['entryId'], limit },
        extra: { scope, span, limit },
        cooldowns: { scope },
      })
      return dayState(day, read)
    })
  }

  listSessions(query: SessionQuery = {}): Promise<readonly SessionRecord[]> {
    return this.during('listSessions', async () => {
      const sessions = fromArguments(() => sessionRequest(query, this.scope))
      return (await this.engine.read({ sessions })).sessions.map(sessionRecord)
    })
  }

  listNodes(): Promise<readonly NodeRecord[]> {
    return this.during('listNodes', async () => {
      const { nodes } = await this.engine.read({ nodes: { limit: LIMITS.NODES_MAX + 1 } })
      if (nodes.length <= LIMITS.NODES_MAX) return nodes.map(nodeRecord)
      throw invalidArgument(`more than ${LIMITS.NODES_MAX} nodes have reported; look into the table nodes`)
    })
  }

  listUsage(query: UsageQuery): Promise<readonly UsageTotal[]> {
    return this.during('listUsage', async () => {
      // Both before the first await: the query is the caller's.
      const [request, by] = fromArguments(() => [usageRequest(query, this.scope), usageGroupings(query)] as const)
      const { usage } = await this.engine.read({ usage: request })
      return usageTotals(by, usage)
    })
  }

  async health(): Promise<HealthReport> {
    // Until the store's own clock has told it.
    let checkedAt = systemClock.now()
    const { queuedWrites, troubles } = this.engine
    try {
      checkedAt = this.now()
      const database = await this.engine.probe()
      const skew = database.time && { clockSkewMs: this.now().getTime() - database.time.getTime() }
      const problems = troubles.ofWrites === undefined ? [] : [troubles.ofWrites]
      return { healthy: problems.length === 0, checkedAt, problems, queuedWrites, ...skew, database }
    } catch (error) {
      const { code, message } = duringOperation(error, 'health')
      const problem = { code, message, since: troubles.since(code, checkedAt) }
      return { healthy: false, checkedAt, problems: [problem], queuedWrites }
    }
  }

  view(as: ViewOptions): Store {
    this.engine.checkOpen()
    const { clock, calendar } = this
    return fromArguments(() => {
      const { node = this.node, scope = this.scope } = checkFields(as, ['node', 'scope'], 'as')
      return new StoreView(this.engine, {
        node: checkId(node, 'node'),
        scope: checkId(scope, 'scope'),
        clock,
        calendar,
      })
    })
  }

  /** A write that takes no conditions. */
  #apply(operation: string, changes: readonly Change[], options: WriteOptions): Promise<Applied> {
    return this.during(operation, async () => {
      fromArguments(() => checkFields(options, ['operationId', 'operationAt'], 'options'))
      const result = await this.#commit(changes, options)
      if (result.applied) return result
      throw new StoreError(
        'DATABASE',
        'the driver refused a write without conditions: a defect of the driver, report it',
      )
    })
  }

  /** A person's decision: the log tells whose, and why. */
  #correct(
    operation: string,
    options: WriteOptions & MaybeCorrection,
    changeOf: (correction: Correction) => Change,
  ): Promise<Applied> {
    return this.during(operation, () => {
      const [change, rest] = fromArguments(() => {
        const known = ['operationId', 'operationAt', 'by', 'why'] as const
        const { by, why, operationId, operationAt } = checkFields(options, known, 'options')
        // Whether it is whole, the change's own check says.
        return [changeOf({ by, why } as Correction), { operationId, operationAt }] as const
      })
      return this.#apply(operation, [change], rest)
    })
  }

  async #commit(changes: readonly Change[], options: CommitOptions): Promise<Applied | Refused> {
    const unit = fromArguments(() => writeUnit(this, changes, options))
    return commitResult(unit, await this.engine.write(unit))
  }
}

export class OpenedStore extends StoreView implements OwnedStore {
  close(): Promise<void> {
    return this.engine.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
