import type { EntryDayState } from '../../day-state.ts'
import type { Day } from '../../day.ts'
import { LIMITS } from '../../limits.ts'
import type { Period } from '../../period.ts'
import type { UsageGrouping, UsageTotal } from '../../usage.ts'
import type { Scope } from '../../values.ts'
import { present } from './fields.ts'
import { monthOf, sharePeriod, weekOf } from './periods.ts'
import type { ModelState, ModelUsage } from './state.ts'
import { cooldownOf, grantedOf, reservedOf, usageOf, usedOf } from './state.ts'
import type { Legal } from './values.ts'
import { compareBytes, legalAll, legalDay, legalId, legalList, legalObject, optional, refuse } from './values.ts'

const MS_PER_DAY = 86_400_000

/** How the total of a row is named, for each grouping, in the order by which totals are sorted. */
const KEYS = {
  day: ({ day }: ModelUsage) => ({ day }),
  week: ({ day }: ModelUsage) => ({ week: weekOf(day) }),
  month: ({ day }: ModelUsage) => ({ month: monthOf(day) }),
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
  const rows = usageOf(state)
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

/** The state of every entry with usage, extra time or something booked ahead in the period, or with a cooldown. */
export function modelDayState(
  state: ModelState,
  scope: Scope,
  { day, period }: { readonly day: Day; readonly period: Period },
): readonly EntryDayState[] {
  const reserved = state.sessions.flatMap((row) => (row.reserved ? [{ ...row, day: row.reserved.day }] : []))
  const quotas = [...usageOf(state), ...state.grants, ...reserved].filter((row) => sharePeriod(period, row.day, day))
  const entries = [...quotas, ...state.cooldowns].filter((row) => row.scope === scope).map(({ entryId }) => entryId)
  return [...new Set(entries)].toSorted(compareBytes).map((entryId) => {
    const span = { scope, entryId, day, period }
    return present({
      ...{ entryId, usedMs: usedOf(state, span), grantedMs: grantedOf(state, span) },
      ...{ reservedMs: reservedOf(state, span), cooldownUntil: cooldownOf(state, span), unreadable: [] },
    })
  })
}
