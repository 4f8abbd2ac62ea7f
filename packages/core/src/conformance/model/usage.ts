import type { EntryDayState } from '../../day-state.ts'
import type { Day } from '../../day.ts'
import { LIMITS } from '../../limits.ts'
import type { UsageGrouping, UsageTotal } from '../../usage.ts'
import type { Scope } from '../../values.ts'
import type { ModelState, ModelUsage } from './commit.ts'
import { cooldownOf, usedOf } from './commit.ts'
import type { Legal } from './values.ts'
import { compareBytes, dayOf, legalDay, legalId, legalList, legalObject, optional, refuse } from './values.ts'

const MS_PER_DAY = 86_400_000

/** How the total of a row is named, for each grouping, in the order by which totals are sorted. */
const KEYS = {
  day: ({ day }: ModelUsage) => ({ day }),
  week: ({ day }: ModelUsage) => ({ week: weekOf(day) }),
  month: ({ day }: ModelUsage) => ({ month: `${day.slice(0, 8)}01` as Day }),
  entry: ({ entryId }: ModelUsage) => ({ entryId }),
  node: ({ node }: ModelUsage) => ({ node }),
  scope: ({ scope }: ModelUsage) => ({ scope }),
} as const
const ORDER = ['day', 'week', 'month', 'entryId', 'node', 'scope'] as const

export function modelListUsage(state: ModelState, ownScope: Scope, value: unknown): readonly UsageTotal[] {
  const query = legalObject(value, ['from', 'to', 'by', 'entryId', 'node', 'scope'])
  const from = legalDay(query['from'])
  const to = legalDay(query['to'])
  const by = optional(legalGroupings)(query['by']) ?? []
  const entryId = optional(legalId)(query['entryId'])
  const node = optional(legalId)(query['node'])
  const scope = optional(legalAll)(query['scope']) === 'all' ? undefined : ownScope
  if (to < from || Date.parse(to) - Date.parse(from) > LIMITS.USAGE_RANGE_DAYS_MAX * MS_PER_DAY) return refuse()

  const matches = (wanted: string | undefined, found: string): boolean => wanted === undefined || wanted === found
  const rows = state.usage
    .filter((row) => row.day >= from && row.day < to)
    .filter((row) => matches(scope, row.scope) && matches(entryId, row.entryId) && matches(node, row.node))
  return totals(rows, by)
}

const legalGroupings: Legal<readonly UsageGrouping[]> = (value) => {
  const by = legalList(legalGrouping, 0, Number.POSITIVE_INFINITY)(value)
  const periods = by.filter((part) => part === 'day' || part === 'week' || part === 'month')
  return new Set(by).size < by.length || periods.length > 1 ? refuse() : by
}

const legalGrouping: Legal<UsageGrouping> = (value) =>
  typeof value === 'string' && Object.hasOwn(KEYS, value) ? (value as UsageGrouping) : refuse()

export const legalAll: Legal<'all'> = (value) => (value === 'all' ? value : refuse())

function totals(rows: readonly ModelUsage[], by: readonly UsageGrouping[]): readonly UsageTotal[] {
  const keysOf = (row: ModelUsage): Omit<UsageTotal, 'durationMs' | 'unreadable'> =>
    Object.assign({}, ...by.map((part) => KEYS[part](row))) as object
  const groups = Map.groupBy(rows, (row) => ORDER.map((key) => keysOf(row)[key] ?? '').join('\0'))
  return [...groups.values()].map((group) => totalOf(keysOf(group[0] as ModelUsage), group)).toSorted(compareTotals)
}

function totalOf(keys: Omit<UsageTotal, 'durationMs' | 'unreadable'>, rows: readonly ModelUsage[]): UsageTotal {
  const durationMs = rows.reduce((sum, row) => sum + row.durationMs, 0)
  return durationMs <= LIMITS.DURATION_MS_MAX ? { ...keys, durationMs, unreadable: 0 } : refuse()
}

function compareTotals(a: UsageTotal, b: UsageTotal): number {
  const orders = ORDER.map((key) => compareBytes(a[key] ?? '', b[key] ?? ''))
  return orders.find((order) => order !== 0) ?? 0
}

/** The Monday of the day's week; 1970-01-01, a Thursday, for the week that the range cuts. */
function weekOf(day: Day): Day {
  const midnight = new Date(`${day}T00:00:00Z`)
  const daysSinceMonday = (midnight.getUTCDay() + 6) % 7
  return dayOf(new Date(Math.max(0, midnight.getTime() - daysSinceMonday * MS_PER_DAY)))
}

/** The state of every entry with usage on the day, or with a cooldown. */
export function modelDayState(state: ModelState, scope: Scope, value: unknown): readonly EntryDayState[] {
  const day = legalDay(value)
  const used = state.usage.filter((row) => row.scope === scope && row.day === day)
  const cooling = state.cooldowns.filter((row) => row.scope === scope)
  const entryIds = new Set([...used, ...cooling].map(({ entryId }) => entryId))
  return [...entryIds].toSorted(compareBytes).map((entryId) => {
    const cooldownUntil = cooldownOf(state, { scope, entryId })
    const usedMs = usedOf(state, { scope, entryId, day })
    return { entryId, usedMs, ...(cooldownUntil === undefined ? {} : { cooldownUntil }), unreadable: [] }
  })
}
