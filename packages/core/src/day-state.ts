import type { Day } from './day.ts'
import type { ReadResult } from './driver.ts'
import { StoreError } from './errors.ts'
import { LIMITS } from './limits.ts'
import type { DurationMs, EntryId } from './values.ts'
import { checkId, compareText } from './values.ts'

/** All that limits an entry on one day, of one instant. */
export interface EntryDayState {
  readonly entryId: EntryId
  /** The day's total over all nodes. */
  readonly usedMs: DurationMs
  /** When the entry becomes available again; may lie in the past. */
  readonly cooldownUntil?: Date
  /** Which of the two could not be read, and is not to be relied on. Empty in a sound store. */
  readonly unreadable: readonly ('usage' | 'cooldown')[]
}

/** Every entry with usage on the day, or with a cooldown, in the order of their ids' UTF-8 bytes. */
export interface DayState extends Iterable<EntryDayState> {
  readonly day: Day
  /**
   * The entry's state; zero usage and no cooldown when nothing is recorded.
   * @throws StoreError `MALFORMED` when the entry's usage or cooldown could not be read.
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
      if (state === undefined) return { entryId, usedMs: 0, unreadable: [] }
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
function entryStates({ usage, cooldowns }: ReadResult): ReadonlyMap<EntryId, EntryDayState> {
  if (usage.length > LIMITS.DAY_STATE_ENTRIES_MAX || cooldowns.length > LIMITS.DAY_STATE_ENTRIES_MAX) {
    throw new StoreError(
      'INVALID_ARGUMENT',
      `the scope has more than ${LIMITS.DAY_STATE_ENTRIES_MAX} entries; ask for them one by one`,
    )
  }
  const used = new Map(usage.flatMap((sum) => (sum.entryId === undefined ? [] : [[sum.entryId, sum] as const])))
  const until = new Map(cooldowns.map((cooldown) => [cooldown.entryId, cooldown.until]))
  const entryIds = [...new Set([...used.keys(), ...until.keys()])].toSorted(compareText)
  return new Map(
    entryIds.map((entryId) => {
      const { durationMs = 0, unreadable = 0 } = used.get(entryId) ?? {}
      const cooldownUntil = until.get(entryId)
      const badUsage = unreadable > 0 || !Number.isSafeInteger(durationMs)
      const badCooldown = cooldownUntil !== undefined && Number.isNaN(cooldownUntil.getTime())
      return [
        entryId,
        {
          entryId,
          usedMs: durationMs,
          ...(cooldownUntil === undefined || badCooldown ? {} : { cooldownUntil: new Date(cooldownUntil) }),
          unreadable: [...(badUsage ? (['usage'] as const) : []), ...(badCooldown ? (['cooldown'] as const) : [])],
        },
      ]
    }),
  )
}
