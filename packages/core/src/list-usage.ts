import { dayNumber, isDay, parseDay } from './day.ts'
import type { UsageKeyPart, UsageRequest, UsageSum } from './driver.ts'
import { invalidArgument } from './errors.ts'
import { LIMITS } from './limits.ts'
import { PERIODS } from './period.ts'
import type { UsageGrouping, UsageQuery, UsageTotal } from './usage.ts'
import type { Scope } from './values.ts'
import { checkFields, checkId, checkScopeQuery, compareText, describe } from './values.ts'

const KEY_PARTS = {
  day: 'day',
  week: 'day',
  month: 'day',
  entry: 'entryId',
  node: 'node',
  scope: 'scope',
} as const satisfies Readonly<Record<UsageGrouping, UsageKeyPart>>

/** What the driver is asked for: weeks and months are made of days. @throws StoreError `INVALID_ARGUMENT`. */
export function usageRequest(query: UsageQuery, scope: Scope): UsageRequest {
  const { from, to, entryId, node } = checkFields(query, ['from', 'to', 'by', 'entryId', 'node', 'scope'], 'query')
  const by = usageGroupings(query)
  if (parseDay(to) < parseDay(from)) throw invalidArgument(`to (${to}) is before from (${from})`)
  const days = dayNumber(to) - dayNumber(from)
  if (days > LIMITS.USAGE_RANGE_DAYS_MAX) {
    throw invalidArgument(`from ${from} to ${to} is ${days} days; the limit is ${LIMITS.USAGE_RANGE_DAYS_MAX}`)
  }
  const parts = by.map((part) => KEY_PARTS[part])
  return {
    ...(query.scope === 'all' ? {} : { scope }),
    ...(entryId === undefined ? {} : { entryId: checkId(entryId, 'entryId') }),
    ...(node === undefined ? {} : { node: checkId(node, 'node') }),
    from,
    to,
    by: parts,
    limit: LIMITS.USAGE_TOTALS_MAX + 1,
  }
}

/** @throws StoreError `INVALID_ARGUMENT` when there are too many totals, or one passes 2^53 − 1. */
export function usageTotals(by: readonly UsageGrouping[], sums: readonly UsageSum[]): readonly UsageTotal[] {
  if (sums.length > LIMITS.USAGE_TOTALS_MAX) {
    throw invalidArgument(`more than ${LIMITS.USAGE_TOTALS_MAX} totals; ask for a shorter range or fewer groupings`)
  }
  const period = by.find((part) => part === 'day' || part === 'week' || part === 'month')
  const totals = new Map<string, UsageTotal>()
  for (const { day, durationMs, unreadable, ...keys } of sums) {
    const periodKey =
      day === undefined || period === undefined ? {} : { [period]: isDay(day) ? PERIODS[period](day) : day }
    const name = JSON.stringify([periodKey, keys.entryId, keys.node, keys.scope])
    const sofar = totals.get(name)
    const total: UsageTotal = {
      ...periodKey,
      ...keys,
      durationMs: (sofar?.durationMs ?? 0) + durationMs,
      unreadable: (sofar?.unreadable ?? 0) + unreadable + (day === undefined || isDay(day) ? 0 : 1),
    }
    if (!Number.isSafeInteger(total.durationMs)) {
      throw invalidArgument('a total would pass 2^53 - 1 ms; ask for smaller ones, by day and entry')
    }
    totals.set(name, total)
  }
  return [...totals.values()].toSorted(compareTotals)
}

/** What the totals are by. @throws StoreError `INVALID_ARGUMENT`. */
export function usageGroupings({ by = [], scope }: UsageQuery): readonly UsageGrouping[] {
  const isArray: boolean = Array.isArray(by)
  if (!isArray) throw invalidArgument(`by must be an array, not ${describe(by)}`)
  const unknown = by.findIndex((part) => typeof part !== 'string' || !Object.hasOwn(KEY_PARTS, part))
  if (unknown >= 0) {
    throw invalidArgument(`by ${describe(by[unknown])} is not one of ${Object.keys(KEY_PARTS).join(', ')}`)
  }
  if (new Set(by).size < by.length) throw invalidArgument('by names the same grouping twice')
  if (by.filter((part) => Object.hasOwn(PERIODS, part)).length > 1) {
    throw invalidArgument('by takes one of day, week and month')
  }
  checkScopeQuery(scope)
  return [...by]
}

function compareTotals(a: UsageTotal, b: UsageTotal): number {
  for (const key of ['day', 'week', 'month', 'entryId', 'node', 'scope'] as const) {
    const order = compareText(a[key] ?? '', b[key] ?? '')
    if (order !== 0) return order
  }
  return 0
}
