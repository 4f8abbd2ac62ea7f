import { clearTimeout, setTimeout } from 'node:timers'
import { StoreError } from './errors.ts'

/** `work`, or `TIMEOUT` after `timeoutMs`. The work itself is not stopped. */
export async function withDeadline<T>(work: Promise<T>, timeoutMs: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const expired = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () =>
        reject(
          new StoreError('TIMEOUT', `${what} took longer than ${timeoutMs} ms; look at the database, then try again`),
        ),
      timeoutMs,
    )
  })
  try {
    return await Promise.race([work, expired])
  } finally {
    clearTimeout(timer)
  }
}
