import type { Effect } from '../effects.ts'
import { cooldownKey, nodeKey, playedKey, sessionKey, usageKey } from '../group-keys.ts'
import type { Statement } from './program.ts'
import { sessionSlots } from './rows.ts'
import type { Statements } from './statements.ts'

/** Each table in the order of its keys: groups that lock rows in one order cannot deadlock. */
export function* keyedWrites(statements: Statements, effects: readonly Effect[]): Iterable<Statement<unknown>> {
  const adds = new Map<string, Extract<Effect, { table: 'usage' }>>()
  // What replaces its row is written once, as it is in the end.
  const last = new Map<string, Statement<unknown>>()
  const saves: [key: string, statement: Statement<unknown>][] = []
  for (const effect of effects) {
    switch (effect.table) {
      case 'audit':
        break
      case 'usage': {
        const key = JSON.stringify([usageKey(effect), effect.node])
        adds.set(key, { ...effect, addMs: effect.addMs + (adds.get(key)?.addMs ?? 0) })
        break
      }
      case 'cooldown': {
        const { scope, entryId, until } = effect
        const set = until && statements.setCooldown({ scope, entryId, until: until.toISOString() })
        last.set(`1 ${cooldownKey(effect)}`, set ?? statements.clearCooldown({ scope, entryId }))
        break
      }
      case 'snapshot': {
        const { scope, node, text } = effect
        saves.push([`2 ${nodeKey(effect)}`, statements.saveSnapshot({ scope, node, state: text })])
        break
      }
      case 'grant': {
        const { scope, day, entryId, grantedMs } = effect
        const slots = { scope, day, entry_id: entryId, granted_ms: grantedMs }
        last.set(`3 ${usageKey(effect)}`, statements.putGrant(slots))
        break
      }
      case 'session': {
        const { row } = effect
        // A node's session ends before its next one is open.
        const name = sessionKey(row)
        last.delete(`5 ${name}`)
        last.set(`${row.endedAt === undefined ? 5 : 4} ${name}`, statements.putSession(sessionSlots(row)))
        break
      }
      case 'played': {
        const { scope, sessionId, run, day, playedMs } = effect
        const slots = { scope, session_id: sessionId, run, day, played_ms: playedMs }
        last.set(`6 ${playedKey(effect)}`, statements.putPlayed(slots))
        break
      }
      // These stand alone in their group.
      case 'audit_cut':
        if (effect.begins) yield statements.cutLog(effect.through)
        break
      case 'audit_removal':
        yield statements.removeRecords({ firstId: effect.firstId, throughId: effect.throughId })
        yield statements.removeSpans({ throughId: effect.throughId })
        break
      case 'forget': {
        const { scope } = effect
        for (const remove of statements.removeScope) yield remove({ scope })
        break
      }
      case 'erasure':
        yield statements.eraseRecord({ id: effect.id, contentDigest: effect.contentDigest })
        break
      case 'node': {
        const { node, at } = effect
        last.set(`7 ${JSON.stringify(node)}`, statements.seeNode({ node, at: at.toISOString() }))
        break
      }
    }
  }
  for (const [, { scope, day, entryId, node, addMs }] of sortedByKey([...adds])) {
    const slots = { scope, day, entry_id: entryId, node, duration_ms: Math.abs(addMs) }
    yield addMs < 0 ? statements.lowerUsage(slots) : statements.addUsage(slots)
  }
  for (const [, statement] of sortedByKey([...last, ...saves])) yield statement
}

/** What the database allows only once the record of it is there: run behind the records. */
export function* recordedWrites(statements: Statements, effects: readonly Effect[]): Iterable<Statement<unknown>> {
  for (const effect of effects) {
    if (effect.table === 'audit_cut' && !effect.begins) yield statements.cutLog(effect.through)
    if (effect.table === 'forget') yield statements.forgetScope({ scope: effect.scope, throughId: effect.throughId })
  }
}

export function sortedByKey<T>(entries: readonly (readonly [string, T])[]): readonly (readonly [string, T])[] {
  return entries.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
}
