import { setTimeout } from 'node:timers/promises'
import type { Applied, Change, Condition, NodeId, Store } from '@shepherd-store/core'
import { isStoreError, StoreError } from '@shepherd-store/core'
import { sha256 } from './cell.ts'
import { createRehearsal } from './rehearsal.ts'

export interface WriterOptions {
  readonly node: NodeId
  readonly dryRun: boolean
  readonly signal: AbortSignal | undefined
}

/** How long to wait before a commit is tried again: 5 tries in a second, after those that the store itself made. */
const RETRY_PAUSES_MS = [10, 50, 200, 750]

/** Writes what is imported, as the source's own node, each commit once however often it is sent. */
export class ImportWriter {
  /** The store as the node of the import. For reading. */
  readonly view: Store
  /** The store as it was given. For reading. */
  readonly store: Store
  /** Whether nothing is written. */
  readonly dryRun: boolean
  readonly #rehearsal: Store
  readonly #options: WriterOptions

  constructor(store: Store, options: WriterOptions) {
    if (options.node === store.node) {
      throw new StoreError('INVALID_ARGUMENT', `node ${options.node} is the store's own; an import needs one to itself`)
    }
    this.store = store
    this.view = store.view({ node: options.node })
    this.dryRun = options.dryRun
    this.#rehearsal = createRehearsal(this.view)
    this.#options = options
  }

  /** Why the store would not take the change, if it would not. */
  async refusal(change: Change): Promise<string | undefined> {
    try {
      await this.#rehearsal.commit([change])
      return undefined
    } catch (error) {
      if (isStoreError(error, 'INVALID_ARGUMENT')) return reasonOf(error)
      throw error
    }
  }

  /**
   * Commits `changes` as the source's node. `operation` names the commit among those of this source.
   * @throws StoreError `OPERATION_MISMATCH` when another import committed something else under that name.
   */
  async commit(operation: string, changes: readonly Change[]): Promise<Applied> {
    const operationId = this.#operationId(operation)
    return this.#patiently(() => (this.dryRun ? this.#rehearsal : this.view).commit(changes, { operationId }))
  }

  /**
   * Commits as the store's own node, if all the conditions hold. `false`: one did not, or another import was faster and
   * committed something else under that name.
   */
  async commitOwn(operation: string, changes: readonly Change[], conditions?: readonly Condition[]): Promise<boolean> {
    const operationId = this.#operationId(`${operation} of ${this.store.node}`)
    const store = this.dryRun ? this.#rehearsal : this.store
    try {
      const { applied } = await this.#patiently(() => store.commit(changes, { operationId, if: conditions }))
      return applied
    } catch (error) {
      if (isStoreError(error, 'OPERATION_MISMATCH')) return false
      throw error
    }
  }

  /** The node stands for the source: it has none but this one. */
  #operationId(operation: string): string {
    return `rust-${sha256(JSON.stringify([this.#options.node, operation]))}`
  }

  /** The operation id makes it safe to commit again after a lost reply. */
  async #patiently<T>(commit: () => Promise<T>): Promise<T> {
    const { signal } = this.#options
    for (const pauseMs of RETRY_PAUSES_MS) {
      signal?.throwIfAborted()
      try {
        return await commit()
      } catch (error) {
        if (!isStoreError(error) || !error.retryable) throw error
      }
      // An abort ends the pause early; the next turn throws its reason.
      await setTimeout(pauseMs, undefined, { signal }).catch(() => undefined)
    }
    signal?.throwIfAborted()
    return commit()
  }
}

/** The error's message without the method that it left through: the reason why a row is not imported. */
export function reasonOf({ message, operation }: StoreError): string {
  return operation === undefined ? message : message.replace(`${operation}: `, '')
}

/** What all of them come to. When some fail, only after the others have ended: nothing is under way afterwards. */
export async function together<T>(work: readonly Promise<T>[]): Promise<readonly T[]> {
  const results = await Promise.allSettled(work)
  return results.map((result) => {
    if (result.status === 'fulfilled') return result.value
    throw result.reason
  })
}
