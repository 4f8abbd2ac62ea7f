/** A program that has nothing but `@shepherd-store/core`: no database, no types of Node. */
import { createStore, LIMITS, manualClock, parseDay, type Store, type StoreDriver } from '@shepherd-store/core'

const clock = manualClock('2026-11-23T10:00:00.000Z')
clock.advance(1_500)
if (clock.now().toISOString() !== '2026-11-23T10:00:01.500Z') throw new Error('the clock did not advance')
if (parseDay('2026-11-23') !== '2026-11-23') throw new Error('the day was not parsed')
if (!Number.isSafeInteger(LIMITS.DURATION_MS_MAX)) throw new Error('the limits are not there')
if (typeof createStore !== 'function') throw new Error('createStore is not there')

export function open(driver: StoreDriver): Store {
  return createStore(driver, { clock, scope: 'anna' })
}
