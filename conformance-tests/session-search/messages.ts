import type { DayPlayed, EntryId, RunId, SessionCommand, SessionId, WriteUnit } from '@shepherd-store/core'
import { DAYS, type Hours, TICK_MS, type Ticks } from './hours.ts'

export const SCOPE = 'child'
/** The machine on which the child plays, and the one from which somebody recovers its sessions. */
export const NODE = 'playroom'
const OTHER_NODE = 'server'

/** The sessions of the model, in the order in which they are started, each of another entry. */
const SESSIONS: readonly { readonly sessionId: SessionId; readonly entryId: EntryId }[] = [
  { sessionId: 'A', entryId: 'chess' },
  { sessionId: 'B', entryId: 'snake' },
]

export function idsOf(session: number): { readonly sessionId: SessionId; readonly entryId: EntryId } {
  const ids = SESSIONS[session]
  if (ids === undefined) throw new Error(`there is no session ${session}`)
  return ids
}

/** A call on its way to the store. The same call is one object. */
export interface Message {
  readonly id: number
  readonly text: string
  readonly call: Call
  readonly unit: WriteUnit
}

/** What a service asks for at a tick, and what it knows, and tells with it, of the ticks in which the session was played. */
export type Call = { readonly session: number; readonly tick: number; readonly knows: Ticks } & (
  | { readonly type: 'start'; readonly run: RunId }
  | {
      readonly type: 'report' | 'end'
      readonly run: RunId
      readonly played: readonly DayPlayed[]
      readonly active: readonly DayPlayed[]
    }
  | { readonly type: 'continue'; readonly from: RunId; readonly run: RunId; readonly active: readonly DayPlayed[] }
  | { readonly type: 'recover' }
)

/** All the calls that were made. */
export class MessagesSent {
  readonly #hours: Hours
  readonly #sent = new Map<string, Message>()

  constructor(hours: Hours) {
    this.#hours = hours
  }

  messageOf(call: Call): Message {
    // Of when it was made, nothing depends but what was counted until then.
    const key = JSON.stringify('active' in call ? call : { ...call, tick: undefined })
    const known = this.#sent.get(key) ?? {
      ...{ id: this.#sent.size, text: textOf(call), call },
      unit: unitOf(call, this.#hours.instant(call.tick)),
    }
    this.#sent.set(key, known)
    return known
  }
}

/** As `writeUnit` of the store completes it. */
function unitOf(call: Call, at: Date): WriteUnit {
  const conditions = call.type === 'start' ? [{ type: 'no_open_session', scope: SCOPE, node: NODE } as const] : []
  return { conditions, changes: [commandOf(call, at)] }
}

function commandOf(call: Call, at: Date): SessionCommand {
  const common = { table: 'session', scope: SCOPE, ...idsOf(call.session), at } as const
  switch (call.type) {
    case 'start':
      return { ...common, node: NODE, action: 'start', run: call.run }
    case 'report':
      // A checkpoint and the end may come in the same tick: their numbers are in this order.
      return { ...common, node: NODE, action: 'report', ...reported(call), report: 2 * call.tick + 1 }
    case 'end': {
      const reason = { type: 'process_exited' } as const
      return { ...common, node: NODE, action: 'end', ...reported(call), report: 2 * call.tick + 2, reason }
    }
    case 'continue': {
      const { from, run, active } = call
      return { ...common, node: NODE, action: 'continue', from, run, active }
    }
    case 'recover':
      return { ...common, node: OTHER_NODE, action: 'recover', silentForMs: 0 }
  }
}

function reported({ run, played, active }: Extract<Call, { readonly type: 'report' | 'end' }>) {
  return { run, played, active, jumps: [] } as const
}

function textOf(call: Call): string {
  const by = 'run' in call ? ` by run ${call.run}` : ''
  const played = 'played' in call ? `: ${textOfDays(call.played)}` : ''
  const active = 'active' in call && call.active.length > 0 ? `; in all ${textOfDays(call.active)}` : ''
  return `${call.type} ${idsOf(call.session).sessionId}${by}${played}${active}`
}

function textOfDays(days: readonly DayPlayed[]): string {
  return days.map(textOfDay).join(' and ') || 'nothing'
}

function textOfDay({ day, playedMs }: DayPlayed): string {
  return `${playedMs / TICK_MS} on the ${day === DAYS[0] ? 'first' : 'second'} day`
}
