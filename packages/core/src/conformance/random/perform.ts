import { isStoreError, type Outcome, type StoreErrorCode } from '../../errors.ts'
import type { Store } from '../../store.ts'
import type { Model, ModelMethod } from '../model.ts'
import { ModelError } from '../model/values.ts'
import { comparable, type HashLedger } from './answers.ts'
import { copyOf, spoil } from './copies.ts'

/** One step of a sequence, as data: it can be printed, shrunk and repeated. */
export type Command =
  | { readonly type: 'call'; readonly handle: 0 | 1; readonly call: Call }
  /** Writes called one after the other, none of them awaited; with `closing`, the handle is closed meanwhile. */
  | { readonly type: 'together'; readonly handle: 0 | 1; readonly writes: readonly Call[]; readonly closing: boolean }
  /** The write that was called `back` writes before the last one, once more: as after a reply that was lost. */
  | { readonly type: 'again'; readonly handle: 0 | 1; readonly back: number }
  | { readonly type: 'reopen'; readonly handle: 0 | 1 }
  | { readonly type: 'advance'; readonly ms: number }
  | { readonly type: 'set_clock'; readonly at: string }

/** A method of the store, as a node in a scope. Anything may be illegal. */
export interface Call {
  readonly as: { readonly scope: unknown; readonly node: unknown }
  readonly method: ModelMethod
  readonly args: readonly unknown[]
}

export type Answer = { readonly value: unknown } | { readonly code: StoreErrorCode; readonly outcome: Outcome }

/**
 * What the store answers. It gets arguments of its own, which are changed as soon as the call has returned, and what
 * it answers is changed too: a store that kept or lent one of these objects tells later.
 */
export async function storeAnswer(store: Store, call: Call, hashes: HashLedger): Promise<Answer> {
  const args = copyOf(call.args) as unknown[]
  try {
    const view = store.view(call.as as { scope: string; node: string })
    const answering: unknown = Reflect.apply(view[call.method], view, args)
    // An iteration begins when its first value is asked for.
    if (call.method !== 'readAudits') spoil(args)
    const answer = await collected(answering)
    const value = copyOf(comparable(call.method, answer, hashes))
    spoil(answer)
    return { value }
  } catch (error) {
    if (isStoreError(error)) return { code: error.code, outcome: error.outcome }
    throw error
  }
}

export function modelAnswer(model: Model, call: Call): Answer {
  try {
    const view = model.view(call.as)
    const value: unknown = Reflect.apply(view[call.method], view, call.args)
    return { value }
  } catch (error) {
    if (error instanceof ModelError) return { code: error.code, outcome: 'not_applied' }
    throw error
  }
}

async function collected(answering: unknown): Promise<unknown> {
  if (typeof answering !== 'object' || answering === null || !(Symbol.asyncIterator in answering)) return answering
  const items: unknown[] = []
  for await (const item of answering as AsyncIterable<unknown>) items.push(item)
  return items
}
