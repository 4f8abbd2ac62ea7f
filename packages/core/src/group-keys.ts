import type { Day } from './day.ts'
import type { DriverChange, LogChange, SessionCommand } from './driver-changes.ts'
import type { DriverCondition, WriteUnit } from './driver.ts'
import { type Period, type Span, spanOf } from './period.ts'
import type { EntryId, NodeId, OperationId, RunId, Scope, SessionId } from './values.ts'

export type UsageSpan = Span & { readonly scope: Scope; readonly entryId: EntryId }
export type UsageKey = { readonly scope: Scope; readonly entryId: EntryId; readonly day: Day }
export type CooldownKey = { readonly scope: Scope; readonly entryId: EntryId }
export type NodeKey = { readonly scope: Scope; readonly node: NodeId }
export type OpenKey = { readonly scope: Scope; readonly node?: NodeId }
export type OperationKey = { readonly scope: Scope; readonly id: OperationId }
export type SessionKey = { readonly scope: Scope; readonly sessionId: SessionId }
export type PlayedKey = SessionKey & { readonly run: RunId; readonly day: Day }

/** What a group's decisions depend on: the keys to read before `decideGroup`, under the lock. */
export interface GroupKeys {
  readonly usage: readonly UsageSpan[]
  /** Days whose rows are asked for node by node. */
  readonly nodeUsage: readonly UsageKey[]
  readonly granted: readonly UsageSpan[]
  readonly reserved: readonly UsageSpan[]
  readonly cooldowns: readonly CooldownKey[]
  readonly snapshots: readonly NodeKey[]
  readonly operations: readonly OperationKey[]
  readonly sessions: readonly SessionKey[]
  readonly openSessions: readonly OpenKey[]
  readonly played: readonly PlayedKey[]
  /** Whether the log's ends are asked for. */
  readonly log: boolean
}

export function keysOf(units: readonly WriteUnit[]): GroupKeys {
  const keys = new Keys()
  for (const { operation, conditions, changes } of units) {
    if (operation !== undefined) keys.operations.set(operationKey(operation), operation)
    for (const condition of conditions) keys.addCondition(condition)
    for (const change of changes) keys.addChange(change)
  }
  return {
    usage: [...keys.usage.values()],
    nodeUsage: [...keys.nodeUsage.values()],
    granted: [...keys.granted.values()],
    reserved: [...keys.reserved.values()],
    cooldowns: [...keys.cooldowns.values()],
    snapshots: [...keys.snapshots.values()],
    operations: [...keys.operations.values()],
    sessions: [...keys.sessions.values()],
    openSessions: [...keys.openSessions.values()],
    played: [...keys.played.values()],
    log: keys.log,
  }
}

class Keys {
  readonly usage = new Map<string, UsageSpan>()
  readonly nodeUsage = new Map<string, UsageKey>()
  readonly granted = new Map<string, UsageSpan>()
  readonly reserved = new Map<string, UsageSpan>()
  readonly cooldowns = new Map<string, CooldownKey>()
  readonly snapshots = new Map<string, NodeKey>()
  readonly operations = new Map<string, OperationKey>()
  readonly sessions = new Map<string, SessionKey>()
  readonly openSessions = new Map<string, OpenKey>()
  readonly played = new Map<string, PlayedKey>()
  log = false

  addCondition(condition: DriverCondition): void {
    switch (condition.type) {
      case 'usage_below':
        this.#addQuota(condition, condition)
        break
      case 'no_cooldown':
        this.cooldowns.set(cooldownKey(condition), condition)
        break
      case 'snapshot_revision_is':
        this.snapshots.set(nodeKey(condition), condition)
        break
      case 'no_open_session':
        this.openSessions.set(openKey(condition), condition)
        break
    }
  }

  addChange(change: DriverChange): void {
    switch (change.table) {
      case 'audit':
      case 'snapshot':
        break
      case 'usage':
        this.#addDay(change)
        break
      case 'cooldown':
        if (change.keepLater || change.correction) this.cooldowns.set(cooldownKey(change), change)
        break
      case 'correction': {
        const span = spanOfDay(change)
        if (change.of === 'grant') this.granted.set(spanKey(span), span)
        else {
          this.#addDay(change)
          this.nodeUsage.set(usageKey(change), change)
        }
        break
      }
      case 'session':
        this.#addSession(change)
        break
      case 'forget': {
        const { scope } = change
        this.openSessions.set(openKey({ scope }), { scope })
        this.log = true
        break
      }
      case 'audit_cut':
      case 'audit_removal':
      case 'audit_restore':
        this.log = true
        break
      case 'erasure':
        break
    }
  }

  #addSession(command: SessionCommand): void {
    const { scope, entryId, sessionId } = command
    this.sessions.set(sessionKey(command), command)
    for (const day of daysOfCommand(command)) this.#addDay({ scope, entryId, day })
    // They are booked by whatever comes next, which may be in the same group.
    if (command.action === 'import') for (const day of toldDays(command)) this.#addDay({ scope, entryId, day })
    if (command.action === 'report' || command.action === 'end') {
      const { run } = command
      for (const { day } of command.played) {
        const key = { scope, sessionId, run, day }
        this.played.set(playedKey(key), key)
      }
    }
    if ('reserve' in command) {
      for (const limit of command.reserve?.limits ?? []) this.#addQuota({ scope, entryId, ...command.reserve }, limit)
    }
    if ('cooldownMs' in command) this.cooldowns.set(cooldownKey(command), command)
  }

  #addQuota({ scope, entryId, day }: Partial<UsageKey>, { period }: { readonly period: Period }): void {
    if (scope === undefined || entryId === undefined || day === undefined) return
    const span = { scope, entryId, ...spanOf(day, period) }
    for (const keys of [this.usage, this.granted, this.reserved]) keys.set(spanKey(span), span)
  }

  #addDay(key: UsageKey): void {
    const span = spanOfDay(key)
    this.usage.set(spanKey(span), span)
  }
}

/** Whether the change is about the log as a whole, and stands alone in its unit's group. */
export function isLogChange(change: DriverChange): change is LogChange {
  switch (change.table) {
    case 'audit_cut':
    case 'audit_removal':
    case 'audit_restore':
    case 'forget':
    case 'erasure':
      return true
    case 'audit':
    case 'usage':
    case 'cooldown':
    case 'snapshot':
    case 'correction':
    case 'session':
      return false
  }
}

/** The days whose totals the command is about. */
export function daysOfCommand(command: SessionCommand): readonly Day[] {
  switch (command.action) {
    case 'start':
    case 'continue': {
      const { reserve } = command
      return [...new Set([...toldDays(command), ...(reserve === undefined ? [] : [reserve.day])])].toSorted()
    }
    case 'report':
    case 'end':
      return toldDays(command).toSorted()
    case 'import':
    case 'warn':
    case 'extend':
    case 'recover':
      return []
  }
}

/** The days on which the command says that the session was played, each once. */
export function toldDays(command: SessionCommand): readonly Day[] {
  const played = 'played' in command ? command.played : []
  const active = 'active' in command ? command.active : []
  return [...new Set([...played, ...active].map(({ day }) => day))]
}

export function spanOfDay({ scope, entryId, day }: UsageKey): UsageSpan {
  return { scope, entryId, ...spanOf(day, 'day') }
}

/** One text for each key: ids may contain any separator, so they are quoted. */
export function usageKey({ scope, day, entryId }: UsageKey): string {
  return JSON.stringify([scope, day, entryId])
}

export function spanKey({ scope, from, to, entryId }: UsageSpan): string {
  return JSON.stringify([scope, from, to ?? null, entryId])
}

export function cooldownKey({ scope, entryId }: CooldownKey): string {
  return JSON.stringify([scope, entryId])
}

export function nodeKey({ scope, node }: NodeKey): string {
  return JSON.stringify([scope, node])
}

export function openKey({ scope, node }: OpenKey): string {
  return JSON.stringify(node === undefined ? [scope] : [scope, node])
}

export function operationKey({ scope, id }: OperationKey): string {
  return JSON.stringify([scope, id])
}

export function sessionKey({ scope, sessionId }: SessionKey): string {
  return JSON.stringify([scope, sessionId])
}

export function playedKey({ scope, sessionId, run, day }: PlayedKey): string {
  return JSON.stringify([scope, sessionId, run, day])
}
