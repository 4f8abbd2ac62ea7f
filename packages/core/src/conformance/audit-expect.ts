import assert from 'node:assert/strict'
import type { AuditEvent, AuditQuery } from '../audit.ts'
import type { Change } from '../change.ts'
import type { Store } from '../store.ts'
import type { NodeId, Scope } from '../values.ts'
import { collect } from './expect.ts'
import type { CaseContext } from './harness.ts'

/** A record as a case tells it. Its id is its place in the list of them all. */
export interface Told {
  readonly at: Date
  readonly scope: Scope
  readonly node: NodeId
  readonly event: AuditEvent
}

/** The ids of what is asked for, of what was told. A filter is a plain comparison here. */
export function idsAsked(told: readonly Told[], ownScope: Scope, query: AuditQuery): readonly number[] {
  const { after = 0, before = Infinity, from, to, types, entryId, sessionId, node, scope, order } = query
  const ids = told.flatMap((record, index) => {
    const id = index + 1
    const { at, event } = record
    const about: Readonly<Record<string, unknown>> = event.type === 'other' ? {} : { ...event }
    const isAsked =
      id > after &&
      id < before &&
      (from === undefined || at >= from) &&
      (to === undefined || at < to) &&
      (types === undefined || types.includes(event.type === 'other' ? event.name : event.type)) &&
      (entryId === undefined || about['entryId'] === entryId) &&
      (sessionId === undefined || about['sessionId'] === sessionId) &&
      (node === undefined || record.node === node) &&
      (scope === 'all' || record.scope === ownScope)
    return isAsked ? [id] : []
  })
  return order === 'desc' ? ids.toReversed() : ids
}

/** Asserts that these records answer the query: as a page and as a reader's pages, in both orders. */
export async function answers(store: Store, query: AuditQuery, expected: readonly number[]): Promise<void> {
  const what = JSON.stringify(query)
  for (const order of ['asc', 'desc'] as const) {
    const due = order === 'asc' ? expected : expected.toReversed()
    assert.deepEqual(idsOf(await store.listAudits({ ...query, order })), due, `${what} ${order}`)
    const page = await store.listAudits({ ...query, order, limit: 2 })
    assert.deepEqual(idsOf(page), due.slice(0, 2), `${what} ${order}, a page of 2`)
    const read = await collect(store.readAudits({ ...query, order, limit: 2 }))
    assert.deepEqual(idsOf(read), due, `${what} ${order}, page by page`)
  }
}

export function idsOf(records: readonly { readonly id: number }[]): readonly number[] {
  return records.map(({ id }) => id)
}

export function idsFrom(first: number, last: number): readonly number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index)
}

/**
 * Appends what is told, in commits of one author's. A time that the clock shows is taken from it; a record of another
 * time is an imported one.
 */
export async function appendTold({ clock }: CaseContext, store: Store, told: readonly Told[]): Promise<void> {
  for (let next = 0; next < told.length;) {
    const { scope, node } = told[next] ?? store
    const end = told.findIndex((other, index) => index > next && (other.scope !== scope || other.node !== node))
    const last = Math.min(end < 0 ? told.length : end, next + 256)
    const changes = told.slice(next, last).map(({ at, event }, index): Change => {
      if (at.getTime() === clock.now().getTime()) return { type: 'append_audit', event }
      const original = { id: next + index, timestamp: at.toISOString(), event: '{}' }
      return { type: 'import_audit', timestamp: at, event, original }
    })
    await store.view({ scope, node }).commit(changes)
    next = last
  }
}

/** The same event for the same number in every run. All kinds, entries and sessions occur, in no order. */
export function someEvent(index: number): AuditEvent {
  const entryId = pick(['minecraft', 'tuxmath', 'gcompris'], index, 0x9e_37_79_b1)
  const sessionId = pick(['s-1', 's-2', 's-3', 's-4'], index, 0x85_eb_ca_6b)
  return pick<AuditEvent>(
    [
      { type: 'service_started' },
      { type: 'session_started', sessionId, entryId },
      { type: 'warning_issued', sessionId, thresholdMs: 60_000 },
      { type: 'session_ended', sessionId, entryId, reason: { type: 'expired' }, durationMs: 1 },
      { type: 'launch_denied', entryId, reasons: [] },
      { type: 'other', name: 'lamp', data: { entry_id: entryId, session_id: sessionId } },
    ],
    index,
    0xc2_b2_ae_35,
  )
}

/** One of the items: another `factor` chooses as if by chance. */
export function pick<T>(items: readonly [T, ...T[]], index: number, factor: number): T {
  return items[(Math.imul(index + 1, factor) >>> 16) % items.length] ?? items[0]
}
