import type { AuditQuery, AuditRecord, Store } from '@shepherd-store/core'
import type { Command } from 'commander'
import { countArgument } from '../arguments.ts'
import { eventText } from '../event-text.ts'
import { beside, type InstantFormat, instantFormat } from '../format.ts'
import type { Cell, Report, Table } from '../output.ts'
import type { GlobalFlags, Shell } from '../shell.ts'

interface AuditFlags extends GlobalFlags {
  readonly number: number
  readonly allScopes?: boolean
}

/** What `audit --json` prints. */
export interface AuditData {
  /** Newest first. A timestamp that cannot be read is `null`. */
  readonly records: readonly AuditRecord[]
}

const RECORDS_DEFAULT = 20
const RECORDS_MAX = 10_000
const PAGE_RECORDS = 1_000

export function addAudit(program: Command, shell: Shell): void {
  program
    .command('audit')
    .description('Show the last records of the log, newest first: what happened, and why a launch was denied.')
    .option('-n, --number <count>', 'how many', countArgument(RECORDS_MAX), RECORDS_DEFAULT)
    .option('--all-scopes', 'of every scope')
    .addHelpText('after', '\nExample: shepherd-store audit -n 50')
    .action((_flags: AuditFlags, command: Command) =>
      shell.run(command, ({ store }) => audit(store, command.optsWithGlobals<AuditFlags>())),
    )
}

async function audit(store: Store, { number, node, allScopes = false }: AuditFlags): Promise<Report> {
  const records = await newest(store, number, { node, scope: allScopes ? 'all' : undefined })
  const data: AuditData = { records }
  return {
    data,
    text: () =>
      records.length === 0 ? ['Nothing is recorded.'] : [auditTable(records, store.calendar.timeZone, allScopes)],
    problems: records.some(({ event }) => event.type === 'unreadable'),
  }
}

async function newest(store: Store, number: number, query: AuditQuery): Promise<readonly AuditRecord[]> {
  const records: AuditRecord[] = []
  for await (const record of store.readAudits({ ...query, order: 'desc', limit: Math.min(number, PAGE_RECORDS) })) {
    records.push(record)
    if (records.length === number) break
  }
  return records
}

/** The node is shown where there are several. */
function auditTable(records: readonly AuditRecord[], timeZone: string, allScopes: boolean): Table {
  const instant = instantFormat(timeZone)
  const severalNodes = new Set(records.map(({ node }) => node)).size > 1
  const optional = (shown: boolean, value: string): readonly string[] => (shown ? [value] : [])
  const titles = [...optional(severalNodes, 'Node'), ...optional(allScopes, 'Scope'), 'What']
  return {
    columns: [{ title: '#', align: 'right' }, { title: `When (${timeZone})` }, ...titles.map((title) => ({ title }))],
    rows: records.map((record) => [
      String(record.id),
      instant(record.timestamp),
      ...optional(severalNodes, record.node),
      ...optional(allScopes, record.scope),
      what(record, instant),
    ]),
  }
}

function what({ timestamp, event }: AuditRecord, instant: InstantFormat): Cell {
  const text = eventText(event, beside(timestamp, instant))
  if (event.type === 'unreadable') return { text, style: 'red' }
  return event.type === 'launch_denied' ? { text, style: 'yellow' } : text
}
