import {
  addDays,
  type Day,
  type DriverChange,
  isDay,
  isStoreError,
  LIMITS,
  type ReadRequest,
  type StoreDriver,
  type UsageRequest,
  type UsageTotal,
  type WriteOutcome,
  type WriteUnit,
} from '@shepherd-store/core'
import {
  at,
  bothOf,
  onChanges,
  onDriver,
  onRequests,
  onResults,
  onStore,
  onUnits,
  roundTrip,
  type Saboteur,
  writeOne,
} from './saboteur.ts'

type UsageChange = Extract<DriverChange, { readonly table: 'usage' }>

/** Defects in what is booked, and in what is told of it. */
export const usageSaboteurs: readonly Saboteur[] = [
  {
    name: 'lost-update',
    plants: 'keeps only the last of several additions to one total that come at once',
    caughtBy: 'usage/add/several-at-once',
    sabotage: onDriver((sound) => ({
      write: (units) => sound.write(units.map((unit, index) => withoutLost(unit, units.slice(index + 1)))),
    })),
  },
  {
    name: 'usage-on-the-day-after',
    plants: 'books usage on the day after the one that was given',
    caughtBy: 'usage/add/days-are-apart',
    sabotage: onChanges((change) => (change.table === 'usage' ? { ...change, day: dayAfter(change.day) } : change)),
  },
  {
    name: 'usage-in-whole-seconds',
    plants: 'cuts what is booked to whole seconds',
    caughtBy: 'usage/add/sums-to-the-millisecond',
    sabotage: onChanges((change) =>
      change.table === 'usage' ? { ...change, addMs: change.addMs - (change.addMs % 1_000) } : change,
    ),
  },
  {
    name: 'usage-by-node',
    plants: 'tells a node only what it has booked itself',
    caughtBy: 'usage/add/nodes-share-the-total',
    sabotage: onStore((sound) => ({
      async getUsage(entryId, day) {
        // The last day of all is in no range.
        if (!isDay(day) || day === '9999-12-31') return sound.getUsage(entryId, day)
        const range = { from: day, to: addDays(day, 1) }
        const [, totals] = await Promise.all([
          sound.getUsage(entryId, day),
          sound.listUsage({ ...range, entryId, node: sound.node }),
        ])
        return totals[0]?.durationMs ?? 0
      },
    })),
  },
  {
    name: 'usage-under-one-node',
    plants: 'books what every node adds under one node',
    caughtBy: 'usage/stored/under-the-node-that-added-it',
    sabotage: onChanges((change) => (change.table === 'usage' ? { ...change, node: 'server' } : change)),
  },
  {
    name: 'usage-without-scope',
    plants: 'books the usage of every scope under one',
    caughtBy: 'usage/add/scopes-are-apart',
    sabotage: bothOf(
      onUnits(inOneScope),
      onUsageRequests((usage) => ({ ...usage, scope: 'default' })),
    ),
  },
  {
    name: 'day-state-of-every-day',
    plants: 'counts the days that follow into a day’s state',
    caughtBy: 'day-state/usage/of-that-day-only',
    sabotage: onUsageRequests((usage, { cooldowns }) => {
      const { to: _, ...open } = usage
      return cooldowns === undefined ? usage : open
    }),
  },
  {
    name: 'day-state-of-two-instants',
    plants: 'reads a day’s usage and cooldowns one after the other, and writes in between',
    caughtBy: 'concurrency/reads/see-whole-commits-of-one-instant',
    sabotage: onDriver((sound) => ({
      async read(request) {
        const { usage, ...others } = request
        if (usage === undefined || others.cooldowns === undefined) return sound.read(request)
        const first = await sound.read({ usage })
        await roundTrip()
        return { ...(await sound.read(others)), usage: first.usage }
      },
    })),
  },
  {
    name: 'day-state-without-resting-entries',
    plants: 'leaves an entry without usage out of the day’s state, though its cooldown runs',
    caughtBy: 'day-state/entry/usage-and-cooldown-together-or-alone',
    sabotage: onResults((result, request) => {
      if (request.usage === undefined || request.cooldowns === undefined) return result
      const used = new Set(result.usage.map(({ entryId }) => entryId))
      return { ...result, cooldowns: result.cooldowns.filter(({ entryId }) => used.has(entryId)) }
    }),
  },
  {
    name: 'usage-range-with-its-end',
    plants: 'counts the day after the last one into a range of days',
    caughtBy: 'usage-list/range/is-half-open',
    sabotage: onUsageRequests((usage, { cooldowns }) => {
      const { from, to = from, limit } = usage
      // One day is asked for as a range too: for its single sum, or with the cooldowns.
      const inRange = limit > 1 && cooldowns === undefined && from < to && to < '9999-12-31'
      return inRange ? { ...usage, to: addDays(to, 1) } : usage
    }),
  },
  {
    name: 'weeks-from-sunday',
    plants: 'lets weeks begin on Sunday',
    caughtBy: 'usage-list/by/weeks-from-monday-over-the-end-of-the-year',
    sabotage: onListed((totals) =>
      totals.map((total) => (total.week === undefined ? total : { ...total, week: addDays(total.week, -1) })),
    ),
  },
  {
    name: 'totals-in-utf-16-order',
    plants: 'sorts totals by UTF-16 code units, not by bytes',
    caughtBy: 'usage-list/order/of-entries-nodes-and-scopes-by-utf-8-bytes',
    sabotage: onListed((totals) => totals.toSorted((a, b) => (keysOf(a) < keysOf(b) ? -1 : 1))),
  },
  {
    name: 'usage-filter-ignored',
    plants: 'reports the usage of every node when one was asked for',
    caughtBy: 'usage-list/filter/by-entry-node-and-scope',
    sabotage: onUsageRequests(({ node: _, ...everyNode }) => everyNode),
  },
  {
    name: 'sum-clamped',
    plants: 'clamps a total at the largest duration instead of refusing what would pass it',
    caughtBy: 'usage/add/a-sum-past-the-largest-duration-is-refused',
    sabotage: onDriver((sound) => ({
      async write(units) {
        const outcomes = await sound.write(units)
        return Promise.all(units.map((unit, index) => clamped(sound, unit, at(outcomes, index))))
      },
    })),
  },
  {
    name: 'zero-is-minus-zero',
    plants: 'tells that no usage is -0',
    caughtBy: 'usage/get/absent-is-zero',
    sabotage: onStore((sound) => ({ getUsage: async (entryId, day) => (await sound.getUsage(entryId, day)) || -0 })),
  },
  {
    name: 'fractions-rounded',
    plants: 'rounds a duration that is no whole number of milliseconds',
    caughtBy: 'numbers/duration/what-is-no-duration-is-refused',
    sabotage: onAdded((durationMs) => (Number.isFinite(durationMs) ? Math.round(durationMs) : durationMs)),
  },
  {
    name: 'nan-is-nothing',
    plants: 'takes NaN for 0',
    caughtBy: 'numbers/duration/what-is-no-duration-is-refused',
    sabotage: onAdded((durationMs) => (Number.isNaN(durationMs) ? 0 : durationMs)),
  },
  {
    name: 'negative-is-nothing',
    plants: 'takes a negative duration for 0',
    caughtBy: 'numbers/duration/what-is-no-duration-is-refused',
    sabotage: onAdded((durationMs) => (durationMs < 0 ? 0 : durationMs)),
  },
]

function dayAfter(day: Day): Day {
  return day === '9999-12-31' ? day : addDays(day, 1)
}

async function clamped(driver: StoreDriver, { changes }: WriteUnit, outcome: WriteOutcome): Promise<WriteOutcome> {
  const [change] = changes
  const tooMuch = outcome.type === 'failed' && isStoreError(outcome.error, 'INVALID_ARGUMENT')
  if (!tooMuch || change?.table !== 'usage') return outcome
  const { scope, entryId, day } = change
  const { usage } = await driver.read({ usage: { scope, entryId, from: day, to: dayAfter(day), by: [], limit: 1 } })
  const addMs = LIMITS.DURATION_MS_MAX - (usage[0]?.durationMs ?? 0)
  return writeOne(driver, { conditions: [], changes: [{ ...change, addMs }] })
}

/** The unit without what it adds to totals that `later` units add to as well. */
function withoutLost(unit: WriteUnit, later: readonly WriteUnit[]): WriteUnit {
  const keyOf = ({ scope, entryId, day }: UsageChange): string => JSON.stringify([scope, entryId, day])
  const laterKeys = later.flatMap(({ changes }) =>
    changes.flatMap((change) => (change.table === 'usage' ? keyOf(change) : [])),
  )
  const changes = unit.changes.map((change) =>
    change.table === 'usage' && laterKeys.includes(keyOf(change)) ? { ...change, addMs: 0 } : change,
  )
  return { ...unit, changes }
}

function inOneScope(unit: WriteUnit): WriteUnit {
  return {
    ...unit,
    conditions: unit.conditions.map((condition) =>
      condition.type === 'usage_below' ? { ...condition, scope: 'default' } : condition,
    ),
    changes: unit.changes.map((change) => (change.table === 'usage' ? { ...change, scope: 'default' } : change)),
  }
}

function keysOf({ day, week, month, entryId, node, scope }: UsageTotal): string {
  return [day ?? week ?? month, entryId, node, scope].join('\0')
}

function onUsageRequests(defect: (usage: UsageRequest, request: ReadRequest) => UsageRequest): Saboteur['sabotage'] {
  return onRequests((request) =>
    request.usage === undefined ? request : { ...request, usage: defect(request.usage, request) },
  )
}

function onListed(defect: (totals: readonly UsageTotal[]) => readonly UsageTotal[]): Saboteur['sabotage'] {
  return onStore((sound) => ({ listUsage: async (query) => defect(await sound.listUsage(query)) }))
}

function onAdded(defect: (durationMs: number) => number): Saboteur['sabotage'] {
  return onStore((sound) => ({
    addUsage: (entryId, day, durationMs, options) => sound.addUsage(entryId, day, defect(durationMs), options),
  }))
}
