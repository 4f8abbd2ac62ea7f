import { type Calendar, checkCalendarFields, createCalendar, sameCalendar, systemTimeZone } from './calendar.ts'
import { checkClock, type Clock, systemClock } from './clock.ts'
import type { StoreDriver } from './driver.ts'
import { Engine } from './engine.ts'
import { StoreError } from './errors.ts'
import { LIMITS } from './limits.ts'
import { OpenedStore } from './store-view.ts'
import type { OwnedStore, StoreOptions } from './store.ts'
import { checkFields, checkId, checkInstant, checkInteger, describe } from './values.ts'

/**
 * The store over a driver. The driver is the store's from now on, and closed with it.
 * @throws StoreError `INVALID_ARGUMENT`, `UNSUPPORTED` for a driver of another contract, `CALENDAR_MISMATCH`.
 */
export function createStore(driver: StoreDriver, options: StoreOptions = {}): OwnedStore {
  if (driver.contract !== 1) {
    throw new StoreError(
      'UNSUPPORTED',
      `the driver speaks contract ${describe(driver.contract)}, this library 1; install matching versions`,
    )
  }
  const { node = 'local', scope = 'default', clock = systemClock } = options
  const calendar = createCalendar(driver.calendar)
  checkCalendar(calendar, options)
  const engine = new Engine(driver, { timeoutMs: callTimeout(options), now: () => timeOf(clock) })
  return new OpenedStore(engine, {
    node: checkId(node, 'node'),
    scope: checkId(scope, 'scope'),
    clock: checkClock(clock),
    calendar,
  })
}

/** What the clock shows; what the system's does, where that one fails. */
function timeOf(clock: Clock): Date {
  try {
    return checkInstant(clock.now(), 'the time')
  } catch {
    return systemClock.now()
  }
}

/** `createStore` for a driver that was opened for it: closed again when the options are refused. */
export async function adoptDriver(driver: StoreDriver, options: StoreOptions): Promise<OwnedStore> {
  try {
    return createStore(driver, options)
  } catch (error) {
    await driver.close()
    throw error
  }
}

/**
 * Checks the options of a store before anything is opened or made for it: each field that is there, and that there is
 * none but those and `further`, the backend's own. @throws StoreError `INVALID_ARGUMENT`.
 */
export function checkStoreOptions<T extends StoreOptions>(options: T, further: readonly (keyof T & string)[]): T {
  checkFields(options, ['node', 'scope', 'clock', 'calendar', 'callTimeoutMs', ...further], 'options')
  const { node, scope, clock, calendar } = options
  if (node !== undefined) checkId(node, 'node')
  if (scope !== undefined) checkId(scope, 'scope')
  if (clock !== undefined) checkClock(clock)
  if (calendar !== undefined) {
    const { timeZone = systemTimeZone(), dayStart = '00:00' } = checkCalendarFields(calendar)
    createCalendar({ timeZone, dayStart })
  }
  callTimeout(options)
  return options
}

/** The stated `callTimeoutMs`, for drivers that bound their own tries by it. @throws StoreError `INVALID_ARGUMENT`. */
export function callTimeout({
  callTimeoutMs = LIMITS.CALL_TIMEOUT_MS_DEFAULT,
}: Pick<StoreOptions, 'callTimeoutMs'>): number {
  return checkInteger(callTimeoutMs, 'callTimeoutMs', LIMITS.CALL_TIMEOUT_MS_MIN, LIMITS.CALL_TIMEOUT_MS_MAX)
}

function checkCalendar(kept: Calendar, { calendar: asked }: StoreOptions): void {
  if (asked === undefined) return
  checkCalendarFields(asked)
  const { timeZone = kept.timeZone, dayStart = kept.dayStart } = asked
  const wanted = createCalendar({ timeZone, dayStart })
  if (sameCalendar(kept, wanted)) return
  throw new StoreError(
    'CALENDAR_MISMATCH',
    `the database keeps its days in ${kept.timeZone}, beginning at ${kept.dayStart}, not in ${wanted.timeZone} at ${wanted.dayStart}: ` +
      'two calendars would book one hour on two days. Open it without a calendar, or change it on purpose',
  )
}
