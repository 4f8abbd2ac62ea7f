import type { Clock } from '../clock.ts'
import type { EntryDayState } from '../day-state.ts'
import type { Day } from '../day.ts'
import type { SessionRecord } from '../session.ts'
import type { SavedSnapshot } from '../snapshot.ts'
import type { Store } from '../store.ts'
import type { UsageTotal } from '../usage.ts'
import type { DurationMs, NodeId, Scope } from '../values.ts'
import {
  modelListAudits,
  modelReadAudits,
  modelRecentAudits,
  type ModelVerification,
  modelVerifyAudits,
} from './model/audits.ts'
import { modelCommit, type ModelCommit } from './model/commit.ts'
import { periodOfOptions } from './model/periods.ts'
import { modelListNodes, modelListSessions } from './model/sessions.ts'
import { cooldownOf, EMPTY_STATE, type ModelRecord, type ModelState, snapshotOf, usedOf } from './model/state.ts'
import { modelDayState, modelListUsage } from './model/usage.ts'
import { dayOf, legalDay, legalId, legalObject } from './model/values.ts'

/**
 * What a store must answer, in the plainest way: a value, and functions from it to the next. It shares no logic with
 * the stores, does not persist and is slow; in exchange it can be read in one sitting, and is right by inspection.
 */
export class Model {
  readonly clock: Clock
  #state: ModelState = EMPTY_STATE

  constructor(clock: Clock) {
    this.clock = clock
  }

  get state(): ModelState {
    return this.#state
  }

  /** @throws ModelError `INVALID_ARGUMENT`. */
  view(as: { readonly scope: unknown; readonly node: unknown }): ModelStore {
    return new ModelStore(this, legalId(as.scope), legalId(as.node))
  }

  commit(as: ModelStore, changes: unknown, options: unknown): ModelCommit['result'] {
    const { scope, node } = as
    const { state, result } = modelCommit(this.#state, { scope, node, now: this.clock.now() }, changes, options)
    this.#state = state
    return result
  }
}

/**
 * The model as one node, in one scope. Its methods are the store's, and take anything; what they return is the store's
 * answer in a form that can be compared (`comparable` in `answers.ts` brings a store's into the same). It belongs to
 * the model's state: to be looked at, not changed.
 */
export class ModelStore implements Record<ModelMethod, (...args: never[]) => unknown> {
  readonly scope: Scope
  readonly node: NodeId
  readonly #model: Model

  constructor(model: Model, scope: Scope, node: NodeId) {
    this.#model = model
    this.scope = scope
    this.node = node
  }

  today(): Day {
    return dayOf(this.#model.clock.now())
  }

  appendAudit(event: unknown, options: unknown = {}): ModelRecord | undefined {
    return this.#write([{ type: 'append_audit', event }], options).audits[0]
  }

  getRecentAudits(limit: unknown): readonly ModelRecord[] {
    return modelRecentAudits(this.#model.state, this.scope, limit)
  }

  getUsage(entryId: unknown, day: unknown, options: unknown = {}): DurationMs {
    const span = { entryId: legalId(entryId), day: legalDay(day), period: periodOfOptions(options) }
    return usedOf(this.#model.state, { scope: this.scope, ...span })
  }

  addUsage(entryId: unknown, day: unknown, durationMs: unknown, options: unknown = {}): void {
    this.#write([{ type: 'add_usage', entryId, day, durationMs }], options)
  }

  getCooldownUntil(entryId: unknown): Date | undefined {
    return cooldownOf(this.#model.state, { scope: this.scope, entryId: legalId(entryId) })
  }

  setCooldownUntil(entryId: unknown, until: unknown): void {
    this.#write([{ type: 'set_cooldown', entryId, until }], {})
  }

  clearCooldown(entryId: unknown, options: unknown = {}): void {
    this.#correct({ type: 'clear_cooldown', entryId }, options)
  }

  adjustUsage(entryId: unknown, day: unknown, byMs: unknown, options: unknown): ModelApplied {
    return this.#correct({ type: 'adjust_usage', entryId, day, byMs }, options)
  }

  grantTime(entryId: unknown, day: unknown, byMs: unknown, options: unknown): ModelApplied {
    return this.#correct({ type: 'grant_time', entryId, day, byMs }, options)
  }

  loadSnapshot(): SavedSnapshot | undefined {
    return snapshotOf(this.#model.state, this)
  }

  saveSnapshot(snapshot: unknown): void {
    this.#write([{ type: 'save_snapshot', snapshot }], {})
  }

  isHealthy(): boolean {
    return true
  }

  health(): object {
    return { healthy: true, checkedAt: this.#model.clock.now(), problems: [], queuedWrites: 0 }
  }

  commit(changes: unknown, options: unknown = {}): ModelCommit['result'] {
    return this.#model.commit(this, changes, options)
  }

  getDayState(
    value: unknown,
    options: unknown = {},
  ): { readonly day: Day; readonly entries: readonly EntryDayState[] } {
    const day = legalDay(value)
    return { day, entries: modelDayState(this.#model.state, this.scope, { day, period: periodOfOptions(options) }) }
  }

  listSessions(query: unknown = {}): readonly SessionRecord[] {
    return modelListSessions(this.#model.state, this.scope, query)
  }

  listNodes(): readonly NodeId[] {
    return modelListNodes(this.#model.state)
  }

  listUsage(query: unknown): readonly UsageTotal[] {
    return modelListUsage(this.#model.state, this.scope, query)
  }

  listAudits(query: unknown = {}): readonly ModelRecord[] {
    return modelListAudits(this.#model.state, this.scope, query)
  }

  readAudits(query: unknown = {}): readonly ModelRecord[] {
    return modelReadAudits(this.#model.state, this.scope, query)
  }

  /** The id alone. */
  auditHead(): number | undefined {
    return this.#model.state.audits.at(-1)?.id
  }

  verifyAudits(options: unknown = {}): ModelVerification {
    return modelVerifyAudits(this.#model.state, options)
  }

  /** A sound store: what is to be found in a spoiled one has cases of its own. */
  check(options: unknown = {}): { readonly sound: boolean; readonly checkedAt: Date; readonly problemCount: number } {
    const { expectedHead } = legalObject(options, ['expectedHead', 'signal', 'onProgress'])
    const { intact } = modelVerifyAudits(this.#model.state, { expectedHead })
    return { sound: intact, checkedAt: this.#model.clock.now(), problemCount: intact ? 0 : 1 }
  }

  /** A person's decision. */
  #correct(change: object, options: unknown): ModelApplied {
    const { by, why, ...rest } = legalObject(options, ['operationId', 'operationAt', 'by', 'why'])
    return this.#write([{ ...change, by, why }], rest)
  }

  /** Writes that take no conditions. */
  #write(changes: readonly unknown[], options: unknown): ModelApplied {
    const { operationId, operationAt } = legalObject(options, ['operationId', 'operationAt'])
    const result = this.#model.commit(this, changes, { operationId, operationAt })
    if (result.applied) return result
    throw new Error('a write without conditions cannot be refused')
  }
}

type ModelApplied = Extract<ModelCommit['result'], { applied: true }>

/** What is done to the log as a whole has cases of its own. */
type LogWork = 'exportAudits' | 'importAudits' | 'applyRetention' | 'forgetScope'
/** The methods that the model answers: all others but `view`, which is where its answers come from. */
export type ModelMethod = Exclude<
  keyof Store,
  'node' | 'scope' | 'clock' | 'calendar' | 'capabilities' | 'view' | LogWork
>
