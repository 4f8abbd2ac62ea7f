import { setTimeout } from 'node:timers/promises'

/** Settles as `work` does, or rejects with `message` after `limitMs`. It does not stop the work. */
export async function within<T>(work: Promise<T>, limitMs: number, message: string): Promise<T> {
  const settled = new AbortController()
  const late = async (): Promise<never> => {
    await setTimeout(limitMs, undefined, { signal: settled.signal })
    throw new Error(message)
  }
  try {
    return await Promise.race([work, late()])
  } finally {
    settled.abort()
  }
}
