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
  failNext(method: 'write' | 'read' | 'probe' | 'check', code: StoreErrorCode, options?: FaultOptions): void
}

export interface FaultOptions {
  /** The call takes effect first, as when only its reply is lost; then `outcome` is `unknown`. Default false. */
  readonly applied?: boolean | undefined
  /** What the error says of a write that did not take effect. Default `not_applied`. */
  readonly outcome?: Outcome | undefined
}

/** The driver with a switchboard of faults in front of it. */
export function withFaults(driver: StoreDriver): { readonly driver: StoreDriver; readonly faults: Faults } {
  const planned: { method: string; error: StoreError; applied: boolean }[] = []

  async function meetFault<T>(method: string, call: () => Promise<T>): Promise<T> {
    const index = planned.findIndex((fault) => fault.method === method)
    const fault = planned[index]
    if (fault === undefined) return call()
    planned.splice(index, 1)
    if (fault.applied) await call()
    throw fault.error
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
        planned.push({ method, error, applied })
      },
    },
  }
}
