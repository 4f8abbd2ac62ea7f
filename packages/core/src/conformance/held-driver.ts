import type { StoreDriver } from '../driver.ts'
import { checkOf } from '../faults.ts'

export interface HeldDriver {
  readonly driver: StoreDriver
  /** Resolves when the first call of `write`, `read`, `probe` or `check` has come in. */
  readonly called: Promise<undefined>
  /** Lets all calls go on, those that wait and those to come. */
  letGo(): void
}

/** The driver of a database that does not answer: calls wait, and take effect when they are let go. */
export function holdDriver(inner: StoreDriver): HeldDriver {
  const called = Promise.withResolvers<undefined>()
  const free = Promise.withResolvers<undefined>()
  const hold = async <T>(call: () => Promise<T>): Promise<T> => {
    called.resolve(undefined)
    await free.promise
    return call()
  }
  return {
    driver: {
      contract: inner.contract,
      capabilities: inner.capabilities,
      calendar: inner.calendar,
      write: (units) => hold(() => inner.write(units)),
      read: (request) => hold(() => inner.read(request)),
      probe: () => hold(() => inner.probe()),
      ...checkOf(inner, hold),
      close: () => inner.close(),
    },
    called: called.promise,
    letGo: () => free.resolve(undefined),
  }
}
