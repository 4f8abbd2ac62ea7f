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

/** The state of `day`, from its sums by entry and all cooldowns. */
export function dayState(day: Day, read: ReadResult): DayState {
  const entries = entryStates(read)
  return {
    day,
    entry(entryId) {
      const state = entries.get(checkId(entryId, 'entryId'))
      if (state === undefined) return { entryId, usedMs: 0, grantedMs: 0, reservedMs: 0, unreadable: [] }
      if (state.unreadable.length === 0) return copy(state)
      throw new StoreError(
        'MALFORMED',
        `the ${state.unreadable.join(' and ')} of entry ${JSON.stringify(entryId)} on ${day} cannot be read; repair its row`,
      )
    },
    *[Symbol.iterator]() {
      for (const state of entries.values()) yield copy(state)
    },
  }
}

function copy(state: EntryDayState): EntryDayState {
  const { cooldownUntil, unreadable, ...rest } = state
  return {
    ...rest,
    ...(cooldownUntil === undefined ? {} : { cooldownUntil: new Date(cooldownUntil) }),
    unreadable: [...unreadable],
  }
}

/** @throws StoreError `INVALID_ARGUMENT` when there are more entries than a day's state holds. */
function entryStates({ usage, grants, reserved, cooldowns }: ReadResult): ReadonlyMap<EntryId, EntryDayState> {
  if ([usage, grants, reserved, cooldowns].some(({ length }) => length > LIMITS.DAY_STATE_ENTRIES_MAX)) {
    throw new StoreError(
      'INVALID_ARGUMENT',
      `the scope has more than ${LIMITS.DAY_STATE_ENTRIES_MAX} entries; ask for them one by one`,
    )
  }
  const sums = { usage: byEntry(usage), grant: byEntry(grants), reservation: byEntry(reserved) }
  const until = new Map(cooldowns.map((cooldown) => [cooldown.entryId, cooldown.until]))
  const named = [...Object.values(sums), until].flatMap((part) => [...part.keys()])
  return new Map(
    [...new Set(named)].toSorted(compareText).map((entryId) => {
      const of = (part: keyof typeof sums): number => sums[part].get(entryId)?.durationMs ?? 0
      const cooldownUntil = until.get(entryId)
      const badCooldown = cooldownUntil !== undefined && Number.isNaN(cooldownUntil.getTime())
      return [
        entryId,
        {
          ...{ entryId, usedMs: of('usage'), grantedMs: of('grant'), reservedMs: of('reservation') },
          ...(cooldownUntil === undefined || badCooldown ? {} : { cooldownUntil: new Date(cooldownUntil) }),
          unreadable: [
            ...SUMS.filter((part) => !isReadable(sums[part].get(entryId))),
            ...(badCooldown ? (['cooldown'] as const) : []),
          ],
        },
      ]
    }),
  )
}

const SUMS = ['usage', 'grant', 'reservation'] as const

function byEntry(sums: readonly (Sum & { readonly entryId?: EntryId })[]): ReadonlyMap<EntryId, Sum> {
  return new Map(sums.flatMap((sum) => (sum.entryId === undefined ? [] : [[sum.entryId, sum] as const])))
}

function isReadable({ durationMs, unreadable }: Sum = { durationMs: 0, unreadable: 0 }): boolean {
  return unreadable === 0 && Number.isSafeInteger(durationMs)
}
