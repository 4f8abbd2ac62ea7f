import { setImmediate } from 'node:timers/promises'
import type { AuditQuery, AuditRecord, Store } from '@shepherd-store/core'

/** How many are read at once, and of a long log printed at once. */
export const PAGE_RECORDS = 1_000

/** The first `number` of the records that are asked for. */
export async function firstRecords(store: Store, query: AuditQuery, number: number): Promise<readonly AuditRecord[]> {
  const records: AuditRecord[] = []
  if (number === 0) return records
  for await (const record of store.readAudits({ ...query, limit: Math.min(number, PAGE_RECORDS) })) {
    records.push(record)
    if (records.length === number) break
  }
  return records
}

/**
 * The same records, those together that come together: what is there already in parts, and what comes at once. Between
 * two parts the process hears of other things, such as Ctrl-C.
 */
export async function* recordsTogether(records: AsyncIterable<AuditRecord>): AsyncGenerator<readonly AuditRecord[]> {
  const iterator = records[Symbol.asyncIterator]()
  const ask = (): Promise<IteratorResult<AuditRecord, unknown>> => {
    const asked = iterator.next()
    // Whoever awaits it, later, hears of a failure: first comes what came before.
    asked.catch(() => {})
    return asked
  }
  let next = ask()
  for (;;) {
    let result = await next
    const pause = setImmediate(undefined)
    const part: AuditRecord[] = []
    while (result.done !== true) {
      part.push(result.value)
      next = ask()
      if (part.length === PAGE_RECORDS) break
      const come = await Promise.race([next, pause]).catch(() => undefined)
      if (come === undefined) break
      result = come
    }
    if (part.length > 0) yield part
    if (result.done === true) return
    await pause
  }
}

export function isUnreadable({ event }: AuditRecord): boolean {
  return event.type === 'unreadable'
}
