import {
  addDays,
  compareText,
  type Day,
  type DurationMs,
  type Store,
  StoreError,
  type UsageGrouping,
  type UsageTotal,
} from '@shepherd-store/core'
import { type Command, InvalidArgumentError } from 'commander'
import { dayArgument } from '../arguments.ts'
import { count, duration } from '../format.ts'
import type { Block, Report } from '../output.ts'
import type { GlobalFlags, Shell } from '../shell.ts'
import type { Column } from '../table.ts'

interface UsageFlags extends GlobalFlags {
  readonly from?: Day
  readonly to?: Day
  readonly by?: readonly UsageGrouping[]
  readonly allScopes?: boolean
}

/** What `usage --json` prints. */
interface UsageData {
  readonly from: Day
  /** The day after the last one. */
  readonly to: Day
  readonly by: readonly UsageGrouping[]
  readonly timeZone: string
  readonly totals: readonly UsageTotal[]
  /** All of them together. */
  readonly totalMs: DurationMs
  /** How many stored rows could not be read, and are missing in the totals. */
  readonly unreadable: number
}

const DAYS_DEFAULT = 7
const BY_DEFAULT: readonly UsageGrouping[] = ['day', 'entry']

interface UsageColumn extends Column {
  readonly key: UsageGrouping | 'used'
  cell(total: UsageTotal): string
}

/** In the order in which they are shown. The entry is last, as the longest. */
const COLUMNS: readonly UsageColumn[] = [
  { key: 'day', title: 'Day', cell: ({ day = '' }) => day },
  { key: 'week', title: 'Week from', cell: ({ week = '' }) => week },
  { key: 'month', title: 'Month', cell: ({ month = '' }) => month.slice(0, 'YYYY-MM'.length) },
  { key: 'scope', title: 'Scope', cell: ({ scope = '' }) => scope },
  { key: 'node', title: 'Node', cell: ({ node = '' }) => node },
  { key: 'used', title: 'Used', align: 'right', cell: ({ durationMs }) => duration(durationMs) },
  { key: 'entry', title: 'Entry', cell: ({ entryId = '' }) => entryId },
]
const GROUPINGS = COLUMNS.flatMap(({ key }) => (key === 'used' ? [] : [key]))

export function addUsage(program: Command, shell: Shell): void {
  program
    .command('usage')
    .description('Show how long what was used.')
    .option('--from <day>', `the first day, YYYY-MM-DD (default: ${DAYS_DEFAULT} days before --to)`, dayArgument)
    .option('--to <day>', 'the day after the last one (default: tomorrow)', dayArgument)
    .option('--by <keys>', `${GROUPINGS.join(', ')} (default: ${BY_DEFAULT.join(',')})`, byArgument)
    .option('--all-scopes', 'of every scope')
    .addHelpText('after', '\nExample: shepherd-store usage --from 2026-11-01 --to 2026-12-01 --by week --by entry')
    .action((_flags: UsageFlags, command: Command) =>
      shell.run(command, ({ store }) => usage(store, command.optsWithGlobals<UsageFlags>())),
    )
}

/** Keys separated by commas, after those that were given before. */
function byArgument(text: string, before: readonly UsageGrouping[] = []): readonly UsageGrouping[] {
  const keys = text.split(',').map((name) => {
    const key = GROUPINGS.find((grouping) => grouping === name)
    if (key !== undefined) return key
    throw new InvalidArgumentError(`Give one or more of ${GROUPINGS.join(', ')}.`)
  })
  return [...new Set([...before, ...keys])]
}

async function usage(store: Store, flags: UsageFlags): Promise<Report> {
  const { by = BY_DEFAULT, node, allScopes } = flags
  const to = flags.to ?? addDays(store.today(), 1)
  const from = flags.from ?? addDays(to, -DAYS_DEFAULT)
  if (from >= to)
    throw new StoreError('INVALID_ARGUMENT', `from ${from} to ${to} is no day: --to is the day after the last one`)
  const totals = await store.listUsage({ from, to, by, node, scope: allScopes === true ? 'all' : undefined })
  const sum = (part: (total: UsageTotal) => number): number => totals.reduce((all, total) => all + part(total), 0)
  const unreadable = sum((total) => total.unreadable)
  const { timeZone } = store.calendar
  const data: UsageData = { from, to, by, timeZone, totals, totalMs: sum(({ durationMs }) => durationMs), unreadable }
  return { data, text: () => usageText(data), problems: unreadable > 0 }
}

function usageText({ from, to, by, timeZone, totals, totalMs, unreadable }: UsageData): readonly Block[] {
  const days = `from ${from} to ${addDays(to, -1)}, days of ${timeZone}`
  if (totals.length === 0) return [`Nothing was used ${days}.`]
  const columns = COLUMNS.filter(({ key }) => key === 'used' || by.includes(key))
  const keys = columns.filter(({ key }) => key !== 'used')
  const ordered = totals.toSorted((a, b) => keys.reduce((order, { cell }) => order || compareText(cell(a), cell(b)), 0))
  const rows = ordered.map((total) => columns.map(({ cell }) => cell(total)))
  const lost = `${count(unreadable, 'row')} could not be read, and the totals are without; see shepherd-store status`
  return [
    { columns, rows },
    '',
    `${duration(totalMs)} in all, ${days}.`,
    ...(unreadable === 0 ? [] : [{ text: lost, style: 'red' } as const]),
  ]
}
