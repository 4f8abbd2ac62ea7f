import type { AuditQuery, AuditRecord, Store } from '@shepherd-store/core'
import type { Command } from 'commander'
import { archivedBefore, archivedText, tellArchived } from '../archived.ts'
import { countOrAllArgument } from '../arguments.ts'
import { addFilterOptions, auditQuery, type FilterFlags, hintAtTypes, nothingText } from '../audit-filter.ts'
import type { Io } from '../io.ts'
import type { Block, Printer, Report } from '../output.ts'
import { firstRecords, isUnreadable, PAGE_RECORDS } from '../record-list.ts'
import { RecordTable } from '../record-table.ts'
import type { Shell } from '../shell.ts'
import { addAuditExport } from './audit-export.ts'
import { addAuditFollow } from './audit-follow.ts'
import { addAuditHead } from './audit-head.ts'
import { addAuditImport } from './audit-import.ts'
import { addAuditVerify } from './audit-verify.ts'

interface AuditFlags extends FilterFlags {
  /** Default `RECORDS_DEFAULT`. */
  readonly number?: number | 'all'
  readonly reverse?: true
}

/** What `audit --json` prints, unless it prints all. */
export interface AuditData {
  /** Oldest first; newest first with `--reverse`. A timestamp that cannot be read is `null`. */
  readonly records: readonly AuditRecord[]
  /** Whether there are more: before them, or, with `--after`, behind them. */
  readonly more: boolean
  /** Records 1 to there were archived, and may be among those that are asked for. */
  readonly archivedThrough?: number
}

const RECORDS_DEFAULT = 20
const RECORDS_MAX = 10_000

export function addAudit(program: Command, shell: Shell): void {
  const command = program
    .command('audit')
    .description('Show the log in its order, the newest record last: what happened, and why a launch was denied.')
  addFilterOptions(command, { until: true })
    .option(
      '-n, --number <count>',
      `how many, or all: the last ones, or with --after the next ones (default: ${RECORDS_DEFAULT})`,
      countOrAllArgument(RECORDS_MAX),
    )
    .option('--reverse', 'the newest first')
    .addHelpText(
      'after',
      '\nWith --json, -n all prints one JSON object a line: a record.\n' +
        '\nExamples: shepherd-store audit --since 2h --type launch_denied,session_ended' +
        '\n          shepherd-store audit --since yesterday --entry minecraft -n all',
    )
    .action((_flags: AuditFlags, called: Command) => {
      const flags = called.optsWithGlobals<AuditFlags>()
      hintAtTypes(flags, shell.io)
      const { number = RECORDS_DEFAULT } = flags
      if (number === 0) called.error('-n 0 shows nothing: give a whole number from 1, or all')
      return number === 'all'
        ? shell.stream(called, ({ store }, printer) => printAll(store, flags, { printer, io: shell.io }), {
            actAs: 'this_machine',
          })
        : shell.run(called, ({ store }) => audit(store, { ...flags, number }), { actAs: 'this_machine' })
    })
  addAuditFollow(command, shell)
  addAuditVerify(command, shell)
  addAuditHead(command, shell)
  addAuditExport(command, shell)
  addAuditImport(command, shell)
}

async function audit(store: Store, flags: AuditFlags & { readonly number: number }): Promise<Report> {
  const { number, after, reverse = false } = flags
  const order = after === undefined ? 'desc' : 'asc'
  const query: AuditQuery = { ...auditQuery(flags, store), order }
  const read = await firstRecords(store, query, number + 1)
  const chosen = read.slice(0, number)
  const records = (order === 'desc') === reverse ? chosen : chosen.toReversed()
  const more = read.length > number
  const isFromStart = order === 'asc' || !more
  const archivedThrough = isFromStart ? await archivedBefore(store, query, idOfOldest(records)) : undefined
  const data: AuditData = { records, more, ...(archivedThrough === undefined ? {} : { archivedThrough }) }
  const note = archivedThrough === undefined ? undefined : archivedText(archivedThrough)
  if (records.length === 0) {
    const nothing = await nothingText(flags, store)
    return { data, text: () => [nothing], problems: false, note }
  }
  return { data, text: () => auditText(data, flags, store), problems: records.some(isUnreadable), note }
}

/** They are in the order of the log, or in the other one. */
function idOfOldest(records: readonly AuditRecord[]): number | undefined {
  const [first, last] = [records[0], records.at(-1)]
  return first === undefined || last === undefined ? undefined : Math.min(first.id, last.id)
}

/** The node is shown where there are several. */
function auditText({ records, more }: AuditData, flags: AuditFlags, store: Store): readonly Block[] {
  const { allScopes: scopes = false, after } = flags
  const nodes = new Set(records.map(({ node }) => node)).size > 1
  const table = new RecordTable({ timeZone: store.calendar.timeZone, nodes, scopes })
  const number = records.length * 2
  const goOn =
    after === undefined
      ? `There are earlier ones: -n ${number > RECORDS_MAX ? 'all' : number} shows more.`
      : `There are more: --after ${Math.max(...records.map(({ id }) => id))} goes on.`
  return [table.part(records), ...(more ? [goOn] : [])]
}

/** Page by page, so that the log may be of any length. */
async function printAll(
  store: Store,
  flags: AuditFlags,
  { printer, io }: { readonly printer: Printer; readonly io: Io },
): Promise<{ readonly problems: boolean }> {
  const query: AuditQuery = { ...auditQuery(flags, store), order: flags.reverse === true ? 'desc' : 'asc' }
  const head = await store.auditHead()
  const { node, allScopes: scopes = false } = flags
  const table = new RecordTable({
    timeZone: store.calendar.timeZone,
    nodes: node === undefined,
    scopes,
    lastId: head?.id,
  })
  let page: AuditRecord[] = []
  let printed = 0
  let problems = false
  const tell = (): Promise<void> => tellArchived(store, query, { io, oldestId: idOfOldest(page) })
  const flush = async (): Promise<void> => {
    if (printed === 0 && query.order === 'asc') await tell()
    await (printer.json ? printer.lines(page) : printer.blocks([table.part(page)]))
    printed += page.length
    page = []
  }
  for await (const record of store.readAudits({ ...query, limit: PAGE_RECORDS })) {
    page.push(record)
    problems ||= isUnreadable(record)
    if (page.length === PAGE_RECORDS) await flush()
  }
  if (page.length > 0) await flush()
  if (printed === 0 || query.order === 'desc') await tell()
  if (printed === 0 && !printer.json) await printer.blocks([await nothingText(flags, store)])
  return { problems }
}
