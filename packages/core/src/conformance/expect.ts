import assert from 'node:assert/strict'
import type { FailedCondition } from '../change.ts'
import type { EntryDayState } from '../day-state.ts'
import { isStoreError, type Outcome, type StoreError, type StoreErrorCode } from '../errors.ts'
import type { Store } from '../store.ts'
import type { EntryId } from '../values.ts'
import type { CaseContext } from './harness.ts'

/** Asserts that `call` rejects with a `StoreError` of this code (and outcome, if one is given); resolves with the error. */
export async function rejectsWith(
  call: Promise<unknown>,
  code: StoreErrorCode,
  outcome?: Outcome,
): Promise<StoreError> {
  const error = await call.then(
    (value) => assert.fail(`resolved with ${JSON.stringify(value)} where ${code} was due`),
    (reason: unknown) => reason,
  )
  if (!isStoreError(error))
    throw new assert.AssertionError({ message: `${code} was due, not ${String(error)}`, actual: error })
  assert.equal(error.code, code, error.message)
  if (outcome !== undefined) assert.equal(error.outcome, outcome, error.message)
  return error
}

/** Asserts that each call, known by its name, is refused as an invalid argument; names every one that is not. */
export async function refusesEach(calls: Iterable<readonly [what: string, call: () => unknown]>): Promise<void> {
  const wrong: string[] = []
  for (const [what, call] of calls) {
    const answer = await answerOf(call)
    if (answer !== 'INVALID_ARGUMENT, not_applied') wrong.push(`${what}: ${answer}`)
  }
  assert.deepEqual(wrong, [])
}

async function answerOf(call: () => unknown): Promise<string> {
  try {
    await call()
    return 'accepted'
  } catch (error) {
    return isStoreError(error) ? `${error.code}, ${error.outcome}` : String(error)
  }
}

/** Asserts that nothing at all was written, as a look from outside tells for what it can see. */
export async function storesNothing({ place }: CaseContext, store: Store): Promise<void> {
  assert.deepEqual(await place.raw.audits(), [])
  assert.deepEqual(await place.raw.usage(), [])
  assert.deepEqual([...(await store.getDayState('2026-11-23'))], [])
  assert.equal(await store.loadSnapshot(), undefined)
  assert.deepEqual(await store.listSessions({ scope: 'all' }), [])
  assert.deepEqual(await store.listNodes(), [])
}

/** What a failed `usage_below` tells of a day on which nothing was granted or booked ahead. */
export function usedUp(condition: Pick<QuotaFailed, 'entryId' | 'day' | 'limitMs' | 'usedMs'>): QuotaFailed {
  return { type: 'usage_below', period: 'day', ...condition, reservedMs: 0, grantedMs: 0 }
}
type QuotaFailed = Extract<FailedCondition, { readonly type: 'usage_below' }>

/** An entry's state on a day of which nothing is known but these parts. */
export function entryState(entryId: EntryId, parts: Partial<Omit<EntryDayState, 'entryId'>> = {}): EntryDayState {
  return { entryId, usedMs: 0, grantedMs: 0, reservedMs: 0, unreadable: [], ...parts }
}

/** All that an iteration yields. */
export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}
