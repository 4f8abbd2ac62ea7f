import type { Day } from './day.ts'
import type { LogEnds, Sum } from './driver.ts'
import type { Effect, SessionRow } from './effects.ts'
import {
  cooldownKey,
  type CooldownKey,
  nodeKey,
  type NodeKey,
  type OpenKey,
  type OperationKey,
  playedKey,
  type PlayedKey,
  sessionKey,
  type SessionKey,
  spanOfDay,
  usageKey,
  type UsageKey,
  type UsageSpan,
} from './group-keys.ts'
import { isDaySpan, isWithin } from './period.ts'
import { readableGrant, readableUsage } from './readable.ts'
import type { DurationMs, NodeId } from './values.ts'

/** What is stored where a group of units is about to be applied. Each is asked only for keys that `keysOf` names. */
export interface StoredState {
  /** The sum over all nodes of the rows that hold a duration, and how many rows do not. */
  usage(span: UsageSpan): Sum
  /** The rows of one day, each of another node. */
  nodeUsage(key: UsageKey): readonly { readonly node: NodeId; readonly durationMs: number }[]
  /** The extra time in the span. */
  granted(span: UsageSpan): Sum
  /** What open sessions have booked ahead on days of the span. */
  reserved(span: UsageSpan): Sum
  /** `undefined`: none. An Invalid Date: unreadable. */
  cooldown(key: CooldownKey): Date | undefined
  /** 0: never saved. */
  revision(key: NodeKey): number
  operation(key: OperationKey): RecordedOperation | undefined
  session(key: SessionKey): SessionRow | undefined
  /** The session that is open in the scope on the node; without a node, one that is open anywhere. */
  openSession(key: OpenKey): SessionRow | undefined
  /** Where the log ends and begins. */
  log(): LogEnds
  /** What the run has reported of the session for the day; 0: nothing. */
  played(key: PlayedKey): number
}

export interface RecordedOperation {
  readonly digest: string
  readonly firstAuditId: number
  readonly auditCount: number
}

/** What is stored, with effects on top of it: those of the units of a group so far, or of one unit while it is decided. */
export class GroupState implements StoredState {
  readonly #below: StoredState
  readonly #effects: Effect[] = []
  /** By entry, then by day and node. */
  readonly #usage = new Map<string, Map<Day, Map<NodeId, number>>>()
  readonly #grants = new Map<string, Extract<Effect, { table: 'grant' }>>()
  readonly #cooldowns = new Map<string, Date | undefined>()
  readonly #saves = new Map<string, number>()
  readonly #sessions = new Map<string, SessionRow>()
  readonly #played = new Map<string, number>()

  constructor(below: StoredState) {
    this.#below = below
  }

  /** What was put on top, in order. */
  get effects(): readonly Effect[] {
    return this.#effects
  }

  usage(span: UsageSpan): Sum {
    if (this.#usage.size === 0) return this.#below.usage(span)
    const { durationMs, unreadable } = this.#below.usage(span)
    const days = this.#usage.get(cooldownKey(span)) ?? new Map<Day, Map<NodeId, number>>()
    const within = isDaySpan(span)
      ? [days.get(span.from)]
      : [...days].map(([day, nodes]) => (isWithin(day, span) ? nodes : undefined))
    const added = within.flatMap((nodes) => [...(nodes?.values() ?? [])])
    return { durationMs: added.reduce((sum, ms) => sum + ms, durationMs), unreadable }
  }

  nodeUsage(key: UsageKey): readonly { readonly node: NodeId; readonly durationMs: number }[] {
    const rows = new Map(this.#below.nodeUsage(key).map(({ node, durationMs }) => [node, durationMs]))
    for (const [node, addMs] of this.#usage.get(cooldownKey(key))?.get(key.day) ?? []) {
      rows.set(node, (rows.get(node) ?? 0) + addMs)
    }
    return [...rows].map(([node, durationMs]) => ({ node, durationMs }))
  }

  granted(span: UsageSpan): Sum {
    const { durationMs, unreadable } = this.#below.granted(span)
    // A row is replaced: what it held before counts no more.
    const moreMs = [...this.#grants.values()]
      .filter((grant) => isOf(grant, span))
      .map((grant) => grant.grantedMs - readableGrant(grant, this.#below.granted(spanOfDay(grant))))
    return { durationMs: moreMs.reduce((sum, ms) => sum + ms, durationMs), unreadable }
  }

  reserved(span: UsageSpan): Sum {
    const { durationMs, unreadable } = this.#below.reserved(span)
    const moreMs = [...this.#sessions.values()].map(
      (row) => reservedIn(row, span) - reservedIn(this.#below.session(row), span),
    )
    return { durationMs: moreMs.reduce((sum, ms) => sum + ms, durationMs), unreadable }
  }

  cooldown(key: CooldownKey): Date | undefined {
    const name = cooldownKey(key)
    return this.#cooldowns.has(name) ? this.#cooldowns.get(name) : this.#below.cooldown(key)
  }

  revision(key: NodeKey): number {
    return this.#below.revision(key) + (this.#saves.get(nodeKey(key)) ?? 0)
  }

  operation(key: OperationKey): RecordedOperation | undefined {
    return this.#below.operation(key)
  }

  session(key: SessionKey): SessionRow | undefined {
    return this.#sessions.get(sessionKey(key)) ?? this.#below.session(key)
  }

  openSession(key: OpenKey): SessionRow | undefined {
    const { scope, node } = key
    const opened = [...this.#sessions.values()].find(
      (row) => row.endedAt === undefined && row.scope === scope && (node ?? row.node) === row.node,
    )
    if (opened !== undefined) return opened
    const below = this.#below.openSession(key)
    // One that was changed, and is not open any more, has ended.
    return below === undefined || this.#sessions.has(sessionKey(below)) ? undefined : below
  }

  /** What changes it stands alone in its group. */
  log(): LogEnds {
    return this.#below.log()
  }

  played(key: PlayedKey): number {
    return this.#played.get(playedKey(key)) ?? this.#below.played(key)
  }

  apply(effect: Effect): void {
    this.#effects.push(effect)
    switch (effect.table) {
      case 'audit':
      case 'node':
      case 'audit_cut':
      case 'audit_removal':
      case 'forget':
      case 'erasure':
        break
      case 'usage':
        this.#addUsage(effect)
        break
      case 'grant':
        this.#grants.set(usageKey(effect), effect)
        break
      case 'cooldown':
        this.#cooldowns.set(cooldownKey(effect), effect.until)
        break
      case 'snapshot':
        this.#saves.set(nodeKey(effect), (this.#saves.get(nodeKey(effect)) ?? 0) + 1)
        break
      case 'session':
        this.#sessions.set(sessionKey(effect.row), effect.row)
        break
      case 'played':
        this.#played.set(playedKey(effect), effect.playedMs)
        break
    }
  }

  #addUsage(row: Extract<Effect, { table: 'usage' }>): void {
    const { day, node, addMs } = row
    const days = this.#usage.get(cooldownKey(row)) ?? new Map<Day, Map<NodeId, number>>()
    const nodes = days.get(day) ?? new Map<NodeId, number>()
    this.#usage.set(cooldownKey(row), days.set(day, nodes.set(node, addMs + (nodes.get(node) ?? 0))))
  }
}

/** The total of the day. @throws StoreError `MALFORMED`; `INVALID_ARGUMENT` past the largest duration. */
export function dayTotal(key: UsageKey, state: StoredState): DurationMs {
  return readableUsage(key, state.usage(spanOfDay(key)))
}

function isOf(row: UsageKey, span: UsageSpan): boolean {
  return row.scope === span.scope && row.entryId === span.entryId && isWithin(row.day, span)
}

function reservedIn(row: SessionRow | undefined, span: UsageSpan): number {
  if (row?.reserved === undefined || row.endedAt !== undefined) return 0
  const { scope, entryId, reserved } = row
  return isOf({ scope, entryId, day: reserved.day }, span) ? reserved.durationMs : 0
}
