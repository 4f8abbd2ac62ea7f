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
    const used = sums.usage.get(entryId)
    const granted = sums.grant.get(entryId)
    const booked = sums.reservation.get(entryId)
    const stands = until.get(entryId)
    const isCooldownReadable = stands === undefined || !Number.isNaN(stands.getTime())
    const isAllReadable = isReadable(used) && isReadable(granted) && isReadable(booked) && isCooldownReadable
    return {
      entryId,
      usedMs: used?.durationMs ?? 0,
      grantedMs: granted?.durationMs ?? 0,
      reservedMs: booked?.durationMs ?? 0,
      ...(stands === undefined || !isCooldownReadable ? {} : { cooldownUntil: new Date(stands) }),
      unreadable: isAllReadable ? NOTHING : unreadableParts({ used, granted, booked, isCooldownReadable }),
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
      const named = new Set<EntryId>()
      for (const part of [sums.usage, sums.grant, sums.reservation, until]) {
        for (const entryId of part.keys()) named.add(entryId)
      }
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

function isReadable(sum: Sum | undefined): boolean {
  return sum === undefined || (sum.unreadable === 0 && Number.isSafeInteger(sum.durationMs))
}

const NOTHING: readonly DayStatePart[] = Object.freeze([])

function unreadableParts(parts: {
  readonly used: Sum | undefined
  readonly granted: Sum | undefined
  readonly booked: Sum | undefined
  readonly isCooldownReadable: boolean
}): readonly DayStatePart[] {
  return [
    ...(isReadable(parts.used) ? [] : (['usage'] as const)),
    ...(isReadable(parts.granted) ? [] : (['grant'] as const)),
    ...(isReadable(parts.booked) ? [] : (['reservation'] as const)),
    ...(parts.isCooldownReadable ? [] : (['cooldown'] as const)),
  ]
}
