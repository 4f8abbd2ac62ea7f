import type { Day } from './day.ts'
import type { Sum } from './driver.ts'
import { StoreError } from './errors.ts'
import type { DurationMs, EntryId } from './values.ts'
import { describe } from './values.ts'

/** The sum, if every row in it could be read. @throws StoreError `MALFORMED`: what cannot be read is not zero. */
export function readableUsage(
  { entryId, day }: { readonly entryId: EntryId; readonly day: Day },
  { durationMs, unreadable }: { readonly durationMs: number; readonly unreadable: number },
): DurationMs {
  if (unreadable === 0 && Number.isSafeInteger(durationMs)) return durationMs
  throw new StoreError('MALFORMED', `the usage of entry ${describe(entryId)} on ${day} cannot be read; repair its row`)
}

/** The cooldown, if it could be read. @throws StoreError `MALFORMED`: what cannot be read is neither none nor past. */
export function readableCooldown(entryId: EntryId, until: Date | undefined): Date | undefined {
  if (until === undefined || !Number.isNaN(until.getTime())) return until
  throw new StoreError('MALFORMED', `the cooldown of entry ${describe(entryId)} cannot be read; set or clear it`)
}

/** The extra time, if every row in it could be read. @throws StoreError `MALFORMED`: what cannot be read is not none. */
export function readableGrant(key: { readonly entryId: EntryId; readonly day: Day }, sum: Sum): DurationMs {
  return readableSum(sum, `the extra time of entry ${describe(key.entryId)} about ${key.day}`)
}

/** What is booked ahead, if every row in it could be read. @throws StoreError `MALFORMED`. */
export function readableReserved(key: { readonly entryId: EntryId; readonly day: Day }, sum: Sum): DurationMs {
  return readableSum(sum, `what sessions of entry ${describe(key.entryId)} have booked ahead about ${key.day}`)
}

function readableSum({ durationMs, unreadable }: Sum, what: string): DurationMs {
  if (unreadable === 0 && Number.isSafeInteger(durationMs)) return durationMs
  throw new StoreError('MALFORMED', `${what} cannot be read; repair its row`)
}
