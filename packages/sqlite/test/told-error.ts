import { isStoreError, type StoreError } from '@shepherd-store/core'

/** All that a caller can learn of an error. */
export interface ToldError extends Pick<StoreError, 'code' | 'message' | 'outcome' | 'retryable' | 'operation'> {
  /** From the nearest one on. */
  readonly causes: readonly { readonly name: string; readonly message: string; readonly code: unknown }[]
}

/** What `call` rejects with; fails when it does not. */
export async function told(call: Promise<unknown>): Promise<ToldError> {
  const error: unknown = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!isStoreError(error)) throw new Error('the call was not refused', { cause: error })
  const { code, message, outcome, retryable, operation, cause } = error
  if (!(cause instanceof Error)) throw new Error(`the error has no cause: ${message}`, { cause: error })
  return { code, message, outcome, retryable, operation, causes: [...causesFrom(cause)] }
}

function* causesFrom(error: unknown): Iterable<ToldError['causes'][number]> {
  if (!(error instanceof Error)) return
  yield { name: error.name, message: error.message, code: 'code' in error ? error.code : undefined }
  yield* causesFrom(error.cause)
}
