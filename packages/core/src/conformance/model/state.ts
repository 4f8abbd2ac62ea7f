import type { AuditEvent, AuditRecord } from '../../audit.ts'
import type { Change, Condition } from '../../change.ts'
import type { Day } from '../../day.ts'
import { LIMITS } from '../../limits.ts'
import type { Period } from '../../period.ts'
import type { DayPlayed, SessionRecord } from '../../session.ts'
import type { SavedSnapshot } from '../../snapshot.ts'
import type { DurationMs, EntryId, NodeId, OperationId, RunId, Scope, SessionId } from '../../values.ts'
import { legalEvent } from './payloads.ts'
import { sharePeriod } from './periods.ts'
import { refuse } from './values.ts'

/** All that a store remembers. */
export interface ModelState {
  /** In the order of the log: the record with id 1 first. */
  readonly audits: readonly ModelRecord[]
  /** What was added and taken, but for what sessions were played. */
  readonly usage: readonly ModelUsage[]
  readonly grants: readonly ModelGrant[]
  readonly cooldowns: readonly ModelCooldown[]
  readonly snapshots: readonly ModelSnapshot[]
  readonly sessions: readonly ModelSession[]
  /** All that runs have ever reported of sessions: nothing of it is replaced. */
  readonly told: readonly ModelTold[]
  /** What of that, and of what services told in all, is booked. */
  readonly played: readonly ModelPlayed[]
  /** The machines that reported. */
  readonly nodes: readonly NodeId[]
  readonly operations: readonly ModelOperation[]
}

/** The model computes no hashes; that they chain is `verifyAudits`' claim. */
export type ModelRecord = Omit<AuditRecord, 'hash'>
export type ModelUsage = ModelQuota & { readonly node: NodeId; readonly durationMs: DurationMs }
export type ModelCooldown = { readonly scope: Scope; readonly entryId: EntryId; readonly until: Date }
type ModelGrant = ModelQuota & { readonly grantedMs: DurationMs }
type ModelQuota = { readonly scope: Scope; readonly entryId: EntryId; readonly day: Day }
type ModelSnapshot = SavedSnapshot & { readonly scope: Scope; readonly node: NodeId }
/** What is booked of it follows from what was told. */
export type ModelSession = Omit<SessionRecord, 'durationMs' | 'problem'> & {
  /** The owner's newest report. */
  readonly report: number
  /** What it was played in the store that it came from, as long as that is not booked. */
  readonly unbooked: readonly DayPlayed[]
  /** All the runs that ever owned it, in their order. */
  readonly runs: readonly ModelRun[]
}
/** What a run has counted, and the longest time that the session was told to have been active while it owned that. */
export type ModelRun = { readonly run: RunId; readonly countedMs: DurationMs; readonly activeMs: DurationMs }
export type ModelSessionKey = { readonly scope: Scope; readonly sessionId: SessionId }
/** A day's total that a run has reported. */
export type ModelTold = ModelSessionKey & DayPlayed & { readonly run: RunId }
/** What is booked of a session, beside what was booked of it before. */
export type ModelPlayed = ModelUsage & { readonly sessionId: SessionId }
type ModelOperation = {
  readonly scope: Scope
  readonly id: OperationId
  readonly asked: Asked
  readonly audits: readonly ModelRecord[]
}

/** What the caller asked for, before anything that the store fills in: what makes two operations the same. */
export interface Asked {
  readonly changes: readonly Change[]
  readonly conditions: readonly Condition[]
}

export const EMPTY_STATE: ModelState = {
  ...{ audits: [], usage: [], grants: [], cooldowns: [], snapshots: [] },
  ...{ sessions: [], told: [], played: [], nodes: [], operations: [] },
}

/** Who writes, and when. */
export interface ModelWriter {
  readonly scope: Scope
  readonly node: NodeId
  readonly now: Date
}

/** The period that `day` lies in; without one, the day. */
type ModelSpan = ModelQuota & { readonly period?: Period | undefined }

/** The entry's total, over all nodes. @throws ModelError `INVALID_ARGUMENT` beyond the largest. */
export function usedOf(state: ModelState, span: ModelSpan): DurationMs {
  const rows = usageOf(state).filter((row) => isWithin(span, row))
  return sumOf(rows.map(({ durationMs }) => durationMs))
}

/** The extra time. @throws ModelError `INVALID_ARGUMENT` beyond the largest. */
export function grantedOf(state: ModelState, span: ModelSpan): DurationMs {
  return sumOf(state.grants.filter((row) => isWithin(span, row)).map(({ grantedMs }) => grantedMs))
}

/** What is booked ahead. @throws ModelError `INVALID_ARGUMENT` beyond the largest. */
export function reservedOf(state: ModelState, span: ModelSpan): DurationMs {
  const rows = state.sessions.flatMap(({ scope, entryId, reserved }) =>
    reserved ? [{ scope, entryId, ...reserved }] : [],
  )
  return sumOf(rows.filter((row) => isWithin(span, row)).map(({ durationMs }) => durationMs))
}

/** Every piece of usage there is. */
export function usageOf(state: ModelState): readonly ModelUsage[] {
  return [...state.usage, ...state.played]
}

/** What is booked of the session, in all or on a day. @throws ModelError `INVALID_ARGUMENT` beyond the largest. */
export function bookedMsOf({ played }: ModelState, { scope, sessionId }: ModelSessionKey, day?: Day): DurationMs {
  const rows = played.filter((row) => row.scope === scope && row.sessionId === sessionId)
  return sumOf(rows.filter((row) => day === undefined || row.day === day).map(({ durationMs }) => durationMs))
}

function isWithin({ scope, entryId, day, period = 'day' }: ModelSpan, row: ModelQuota): boolean {
  return row.scope === scope && row.entryId === entryId && sharePeriod(period, row.day, day)
}

function sumOf(durations: readonly number[]): DurationMs {
  const sum = durations.reduce((sofar, durationMs) => sofar + durationMs, 0)
  return sum <= LIMITS.DURATION_MS_MAX ? sum : refuse()
}

export function cooldownOf(state: ModelState, { scope, entryId }: Omit<ModelCooldown, 'until'>): Date | undefined {
  return state.cooldowns.find((row) => row.scope === scope && row.entryId === entryId)?.until
}

export function snapshotOf(
  state: ModelState,
  { scope, node }: { readonly scope: Scope; readonly node: NodeId },
): SavedSnapshot | undefined {
  const row = state.snapshots.find((saved) => saved.scope === scope && saved.node === node)
  return row && { snapshot: row.snapshot, revision: row.revision }
}

export function sessionOf(state: ModelState, { scope, sessionId }: ModelSessionKey): ModelSession | undefined {
  return state.sessions.find((row) => row.scope === scope && row.sessionId === sessionId)
}

/** Something that happened now. @throws ModelError `INVALID_ARGUMENT` when it takes too much room. */
export function appendEvent(state: ModelState, { scope, node, now }: ModelWriter, event: AuditEvent): ModelState {
  return appendRecord(state, { timestamp: now, node, scope, event: legalEvent(event) })
}

export function appendRecord(state: ModelState, content: Omit<ModelRecord, 'id'>): ModelState {
  return { ...state, audits: [...state.audits, { id: state.audits.length + 1, ...content }] }
}

/** @throws ModelError `INVALID_ARGUMENT` when the day's total would pass the largest. */
export function addUsage(state: ModelState, added: ModelUsage): ModelState {
  const next = { ...state, usage: [...state.usage, added] }
  usedOf(next, added)
  return next
}

export function withCooldown(state: ModelState, cooldown: ModelCooldown): ModelState {
  return { ...state, cooldowns: [...withoutCooldown(state, cooldown).cooldowns, cooldown] }
}

/** The later of the two stands. */
export function withLaterCooldown(state: ModelState, cooldown: ModelCooldown): ModelState {
  const stands = cooldownOf(state, cooldown)
  return stands !== undefined && stands > cooldown.until ? state : withCooldown(state, cooldown)
}

export function withoutCooldown(state: ModelState, { scope, entryId }: Omit<ModelCooldown, 'until'>): ModelState {
  return { ...state, cooldowns: state.cooldowns.filter((row) => row.scope !== scope || row.entryId !== entryId) }
}
