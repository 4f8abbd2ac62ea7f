import type { Day } from './day.ts'
import type { ReadResult, Sum } from './driver.ts'
import { StoreError } from './errors.ts'
import { LIMITS } from './limits.ts'
import type { DurationMs, EntryId } from './values.ts'
import { checkId, compareText } from './values.ts'

/** All that limits an entry on one day, of one instant. */
export interface EntryDayState {
  readonly entryId: EntryId
  /** The day's total over all nodes. */
  readonly usedMs: DurationMs
  /** The extra time that was granted for it. */
  readonly grantedMs: DurationMs
  /** What open sessions have booked ahead on it, in strict mode. */
  readonly reservedMs: DurationMs
  /** When the entry becomes available again; may lie in the past. */
  readonly cooldownUntil?: Date
  /** What of it could not be read, and is not to be relied on. Empty in a sound store. */
  readonly unreadable: readonly DayStatePart[]
}

export type DayStatePart = 'usage' | 'grant' | 'reservation' | 'cooldown'

/** Every entry with usage on the day, extra time, something booked ahead, or a cooldown, in the order of their ids' UTF-8 bytes. */
export interface DayState extends Iterable<EntryDayState> {
  readonly day: Day
  /**
   * The entry's state; zeros and no cooldown when nothing is recorded.
   * @throws StoreError `MALFORMED` when a part of it could not be read.
   */
  entry(entryId: EntryId): EntryDayState
}

/**
 * The state of `day`, from its sums by entry and all cooldowns.
 * @throws StoreError `INVALID_ARGUMENT` when there are more entries than a day's state holds.
 */
export function dayState(day: Day, read: ReadResult): DayState {
  checkSize(read)
  const { usage, grants, reserved, cooldowns } = read
  const sums = { usage: byEntry(usage), grant: byEntry(grants), reservation: byEntry(reserved) }
  const until = new Map(cooldowns.map((cooldown) => [cooldown.entryId, cooldown.until]))

  function stateOf(entryId: EntryId): EntryDayState {
    const [used, granted, booked] = [sums.usage.get(entryId), sums.grant.get(entryId), sums.reservation.get(entryId)]
    const cooldownUntil = until.get(entryId)
    const isCooldownReadable = cooldownUntil === undefined || !Number.isNaN(cooldownUntil.getTime())
    const unreadable: DayStatePart[] = []
    if (!isReadable(used)) unreadable.push('usage')
    if (!isReadable(granted)) unreadable.push('grant')
    if (!isReadable(booked)) unreadable.push('reservation')
    if (!isCooldownReadable) unreadable.push('cooldown')
    return {
      entryId,
      usedMs: used?.durationMs ?? 0,
      grantedMs: granted?.durationMs ?? 0,
      reservedMs: booked?.durationMs ?? 0,
      ...(cooldownUntil === undefined || !isCooldownReadable ? {} : { cooldownUntil: new Date(cooldownUntil) }),
      unreadable,
    }
  }

  return {
    day,
    entry(entryId) {
      const state = stateOf(checkId(entryId, 'entryId'))
      if (state.unreadable.length === 0) return state
      throw new StoreError(
        'MALFORMED',
        `the ${state.unreadable.join(' and ')} of entry ${JSON.stringify(entryId)} on ${day} cannot be read; repair its row`,
      )
    },
    *[Symbol.iterator]() {
      const named = new Set([sums.usage, sums.grant, sums.reservation, until].flatMap((part) => [...part.keys()]))
      for (const entryId of [...named].toSorted(compareText)) yield stateOf(entryId)
    },
  }
}

function checkSize({ usage, grants, reserved, cooldowns }: ReadResult): void {
  if ([usage, grants, reserved, cooldowns].every(({ length }) => length <= LIMITS.DAY_STATE_ENTRIES_MAX)) return
  throw new StoreError(
    'INVALID_ARGUMENT',
    `the scope has more than ${LIMITS.DAY_STATE_ENTRIES_MAX} entries; ask for them one by one`,
  )
}

function byEntry(sums: readonly (Sum & { readonly entryId?: EntryId })[]): ReadonlyMap<EntryId, Sum> {
  const found = new Map<EntryId, Sum>()
  for (const sum of sums) if (sum.entryId !== undefined) found.set(sum.entryId, sum)
  return found
}

function isReadable({ durationMs, unreadable }: Sum = { durationMs: 0, unreadable: 0 }): boolean {
  return unreadable === 0 && Number.isSafeInteger(durationMs)
}
