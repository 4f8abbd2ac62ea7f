import { type Decision, decideGroup, type StoredState, type WriteUnit } from '@shepherd-store/core'
import { Hours } from './hours.ts'
import { type Call, type Message, MessagesSent, NODE, SCOPE } from './messages.ts'
import { type Rows, RowsMet, storedIn } from './rows.ts'
import type { Bounds } from './world.ts'

/** What is to become of a call, by the rules that are being searched. */
export type Rules = (unit: WriteUnit, stored: StoredState) => Decision | undefined

export const soundRules: Rules = (unit, stored) => decideGroup([unit], stored)[0]

/** What the sender of a call learns. */
export type Reply =
  | { readonly applied: false }
  | { readonly applied: true; readonly changed: boolean; readonly isEnded: boolean }

/** What a service can tell of how long the game has been running: its age, nothing, or either, from call to call. */
export type Tells = readonly ('age of the game' | 'nothing')[]

export interface ModelOptions {
  readonly midnight: number
  readonly horizon: number
  readonly bounds: Bounds
  /** When it goes on with a session after it was started again. */
  readonly retells: Tells
  /** When it reports. */
  readonly tells: Tells
  /** Whether sessions that are over are put away: see `tidied`. */
  readonly putsAway: boolean
  readonly rules?: Rules | undefined
}

/** What all worlds of a search share: the rules, what they were seen to do, and everything that was met. */
export class Model {
  readonly hours: Hours
  readonly bounds: Bounds
  readonly retells: Tells
  readonly tells: Tells
  readonly putsAway: boolean
  readonly rows = new RowsMet()
  readonly #rules: Rules
  readonly #messages: MessagesSent
  readonly #deliveries = new Map<string, { readonly rows: Rows; readonly reply: Reply }>()

  constructor({ midnight, horizon, bounds, retells, tells, putsAway, rules = soundRules }: ModelOptions) {
    this.hours = new Hours({ midnight, horizon })
    this.bounds = bounds
    this.retells = retells
    this.tells = tells
    this.putsAway = putsAway
    this.#rules = rules
    this.#messages = new MessagesSent(this.hours)
  }

  messageOf(call: Call): Message {
    return this.#messages.messageOf(call)
  }

  deliver(rows: Rows, { id, unit }: Message): { readonly rows: Rows; readonly reply: Reply } {
    const key = `${rows.id} ${id}`
    const known = this.#deliveries.get(key) ?? this.#decide(rows, unit)
    this.#deliveries.set(key, known)
    return known
  }

  saveSnapshot(rows: Rows): Rows {
    return this.#decide(rows, {
      conditions: [],
      changes: [{ table: 'snapshot', scope: SCOPE, node: NODE, text: '{}' }],
    }).rows
  }

  #decide(rows: Rows, unit: WriteUnit): { readonly rows: Rows; readonly reply: Reply } {
    const decision = this.#rules(unit, storedIn(rows))
    if (decision?.type !== 'apply' && decision?.type !== 'repeated') return { rows, reply: { applied: false } }
    const [session] = decision.sessions
    const reply = {
      applied: true,
      changed: session?.changed ?? false,
      isEnded: session?.row.endedAt !== undefined,
    } as const
    return { rows: decision.type === 'apply' ? this.rows.after(rows, decision.effects) : rows, reply }
  }
}
