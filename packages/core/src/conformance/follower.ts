import assert from 'node:assert/strict'
import type { AuditEvent, ReadAuditsOptions } from '../audit.ts'
import type { Change } from '../change.ts'
import { withDeadline } from '../deadline.ts'
import type { Store } from '../store.ts'

/** Long enough for a loaded machine; a case that waits for it has failed. */
const RECORD_MS = 10_000

/** Somebody who follows the log, and asks for it record by record. */
export interface Follower {
  /** The id of the next record; `undefined` when it has ended. It may be asked for before there is one. */
  next(): Promise<number | undefined>
  /** The ids of the next `count`. */
  take(count: number): Promise<readonly (number | undefined)[]>
  /** Asserts that these come next, one by one: what comes in place of one fails the case at once. */
  gets(ids: readonly number[]): Promise<void>
  /** Aborts its signal. */
  stop(): void
  /** Asserts that it ends now, without an error and for good. */
  ends(): Promise<void>
}

export function follow(store: Store, query: Omit<ReadAuditsOptions, 'follow' | 'signal'> = {}): Follower {
  const controller = new AbortController()
  const records = store.readAudits({ ...query, follow: true, signal: controller.signal })[Symbol.asyncIterator]()

  async function next(): Promise<number | undefined> {
    const result = await withDeadline(records.next(), RECORD_MS, 'following the log')
    return result.done === true ? undefined : result.value.id
  }
  return {
    next,
    async take(count) {
      const ids: (number | undefined)[] = []
      while (ids.length < count) ids.push(await next())
      return ids
    },
    async gets(ids) {
      for (const id of ids) assert.equal(await next(), id)
    },
    stop: () => controller.abort(),
    async ends() {
      assert.deepEqual([await next(), await next()], [undefined, undefined])
    },
  }
}

/** Appends so many records, in as few commits as may be. */
export async function append(
  store: Store,
  count: number,
  event: AuditEvent = { type: 'service_started' },
): Promise<void> {
  for (let left = count; left > 0; left -= 256) {
    await store.commit(Array.from({ length: Math.min(left, 256) }, (): Change => ({ type: 'append_audit', event })))
  }
}
