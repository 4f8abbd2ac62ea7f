import type { CheckStep, StoreDriver } from './driver.ts'
import { type Outcome, StoreError, type StoreErrorCode } from './errors.ts'

/** The driver's `check`, if it has one, behind whatever stands in front of it. */
export function checkOf(
  driver: StoreDriver,
  through: (call: () => Promise<CheckStep>) => Promise<CheckStep>,
): Pick<StoreDriver, 'check'> {
  const check = driver.check?.bind(driver)
  return check === undefined ? {} : { check: (place) => through(() => check(place)) }
}

/** Makes a driver fail on purpose, once for each call of `failNext`. */
export interface Faults {
  /** The next `method` fails with `code`; further ones queue up behind it. */
  failNext(method: FaultyMethod, code: StoreErrorCode, options?: FaultOptions): void
  /** The next `method` is not answered, and does nothing, until it is let go: a database that hangs, a reply that is late. */
  holdNext(method: FaultyMethod): HeldCall
}

export type FaultyMethod = 'write' | 'read' | 'probe' | 'check'

export interface HeldCall {
  /** Resolves when the call has come in. */
  readonly met: Promise<unknown>
  /** Lets it go on, as it would have. */
  letGo(): void
}

export interface FaultOptions {
  /** The call takes effect first, as when only its reply is lost; then `outcome` is `unknown`. Default false. */
  readonly applied?: boolean | undefined
  /** What the error says of a write that did not take effect. Default `not_applied`. */
  readonly outcome?: Outcome | undefined
}

/** The driver with a switchboard of faults in front of it. */
export function withFaults(driver: StoreDriver): { readonly driver: StoreDriver; readonly faults: Faults } {
  const planned: { readonly method: FaultyMethod; meet<T>(call: () => Promise<T>): Promise<T> }[] = []

  async function meetFault<T>(method: FaultyMethod, call: () => Promise<T>): Promise<T> {
    const index = planned.findIndex((fault) => fault.method === method)
    const fault = planned[index]
    if (fault === undefined) return call()
    planned.splice(index, 1)
    return fault.meet(call)
  }

  return {
    driver: {
      contract: driver.contract,
      capabilities: driver.capabilities,
      calendar: driver.calendar,
      writesBlock: driver.writesBlock,
      write: (units) => meetFault('write', () => driver.write(units)),
      read: (request) => meetFault('read', () => driver.read(request)),
      probe: () => meetFault('probe', () => driver.probe()),
      ...checkOf(driver, (call) => meetFault('check', call)),
      close: () => driver.close(),
    },
    faults: {
      failNext(method, code, { applied = false, outcome } = {}) {
        const error = new StoreError(code, `a fault on purpose: ${method} fails with ${code}`, {
          outcome: method === 'write' && applied ? 'unknown' : outcome,
        })
        planned.push({
          method,
          async meet(call) {
            if (applied) await call()
            throw error
          },
        })
      },
      holdNext(method) {
        const met = Promise.withResolvers<undefined>()
        const free = Promise.withResolvers<undefined>()
        planned.push({
          method,
          async meet(call) {
            met.resolve(undefined)
            await free.promise
            return call()
          },
        })
        return { met: met.promise, letGo: () => free.resolve(undefined) }
      },
    },
  }
}
