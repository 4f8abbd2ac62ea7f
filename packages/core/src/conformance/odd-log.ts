import type { AuditEvent } from '../audit.ts'
import { recordDigest } from '../chain.ts'
import type { AuditContent } from '../effects.ts'
import type { Store } from '../store.ts'
import { commitEveryKind } from './every-kind.ts'
import { type CaseContext, SUITE_CALENDAR } from './harness.ts'

/** What a spreadsheet takes for a formula, and what breaks a line or a cell in two. */
export const ODD_TEXTS = [
  '=1+1',
  '+1',
  '-1',
  '@SUM(A1)',
  '\t=1',
  '\r=1',
  '=a,"b"',
  'a,b',
  '"a"',
  'a"b',
  'a\nb',
  'a\r\n=1+1',
  ' a ',
  "'a",
  ';',
  '\u0001\u007f\u0085\u2028',
  '😀é\ufeff\uffff',
  '../..?#%2F',
  '__proto__',
  'constructor',
] as const

/** Events that a newer version or nobody at all would write, as they may stand in a log and be sound there. */
const UNREADABLE = [
  '{"type":"session_ended"}',
  '{"b":1,"a":2,"type":"x"}',
  '{"type":"x","type":"y"}',
  '{ "type":"x" }',
  '"text"',
  '[1,2]',
  'null',
  '{"__proto__":{"type":"x"},"constructor":1,"type":"x"}',
] as const

/**
 * A log of everything that a log can hold: every kind of record, originals, erased ones, such that cannot be understood, of
 * the first form, of hostile ids, of a scope that was forgotten.
 */
export async function appendOddLog(t: CaseContext): Promise<Store> {
  const driver = await t.place.openDriver({ calendar: SUITE_CALENDAR })
  const write = (content: Omit<AuditContent, 'digest'>) =>
    driver.write([
      { conditions: [], changes: [{ table: 'audit', content: { ...content, digest: recordDigest(content) } }] },
    ])
  const by = { timestamp: t.clock.now(), scope: 'anna', node: 'pc-1' }
  try {
    await write({ ...by, type: 'service_started', text: '{"type":"service_started"}' })
    for (const text of UNREADABLE) await write({ ...by, type: 'x', entryId: 'e', salt: 'a'.repeat(22), text })
  } finally {
    await driver.close()
  }
  const store = await t.open({ scope: 'anna', node: 'pc-1' })
  await commitEveryKind(store)
  await store.commit(
    ['{}', '{ "b": 1,\n"a": 2 }', '=1+1', 'x\u0001'].map((event, index) => ({
      type: 'import_audit',
      timestamp: new Date(1_000 * index),
      event: { type: 'service_stopped' },
      original: { id: -index, timestamp: ODD_TEXTS[index] ?? '', event },
    })),
  )
  for (const text of ODD_TEXTS) {
    const events: readonly AuditEvent[] = [
      { type: 'session_ended', sessionId: text, entryId: text, reason: { type: 'expired' }, durationMs: 0 },
      { type: 'other', name: text, data: { [text]: text } },
    ]
    const odd = store.view({ scope: text, node: text })
    await odd.commit(events.map((event) => ({ type: 'append_audit', event })))
  }
  await store.view({ scope: 'ben' }).appendAudit({ type: 'service_started' })
  await store.forgetScope('ben', { by: 'Ada', why: '=1+1' })
  await store.appendAudit({ type: 'service_stopped' })
  return store
}
