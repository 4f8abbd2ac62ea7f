import { type ExportAuditsOptions, isStoreError, type Store, StoreError } from '@shepherd-store/core'
import { type Command, Option } from 'commander'
import { tellArchived } from '../archived.ts'
import { addFilterOptions, auditQuery, type FilterFlags, hintAtTypes } from '../audit-filter.ts'
import { count, visibleJson, visibleLines } from '../format.ts'
import type { Io } from '../io.ts'
import type { Printer } from '../output.ts'
import { progressLine } from '../progress.ts'
import type { Shell } from '../shell.ts'
import { refuseOptionsOf } from '../subcommand.ts'

interface ExportFlags extends FilterFlags {
  readonly format: ExportAuditsOptions['format']
  /** False with `--no-titles`. */
  readonly titles: boolean
}

const LINES_AT_ONCE = 1_000

export function addAuditExport(audit: Command, shell: Shell): void {
  const command = audit
    .command('export')
    .description('Print the log as text for other programs, in its order, as far as it reaches.')
    .addOption(
      new Option('--format <name>', 'JSON Lines, CSV for a spreadsheet, or CloudEvents')
        .choices(['jsonl', 'csv', 'cloudevents'])
        .default('jsonl'),
    )
    .option('--no-titles', 'a CSV without its line of titles')
  addFilterOptions(command, { until: true })
    .addHelpText(
      'after',
      '\nWith --all-scopes and no other filter, JSON Lines can be imported into another store, and proven there.' +
        '\nTo go on with an export that was cut off, give --after with the id of its last whole record, of a CloudEvent' +
        '\nits sequence without the zeros; and for a CSV --no-titles. On a terminal, what could talk to it is escaped.\n' +
        '\nExamples: shepherd-store audit export --all-scopes > log.jsonl' +
        '\n          shepherd-store audit export --format csv --since 30d > log.csv',
    )
    .action((_flags: ExportFlags, called: Command) => {
      refuseOptionsOf(audit, called)
      const flags = called.optsWithGlobals<ExportFlags>()
      if (flags.json === true) called.error('--json is not for an export: --format says what it prints')
      hintAtTypes(flags, shell.io)
      return shell.interruptible((signal) =>
        shell.stream(called, ({ store }, printer) => exportLog(store, flags, { printer, io: shell.io, signal }), {
          actAs: 'this_machine',
          signal,
        }),
      )
    })
}

interface Exporting {
  readonly printer: Printer
  readonly io: Io
  /** Aborted at Ctrl-C. */
  readonly signal: AbortSignal
}

async function exportLog(
  store: Store,
  { format, titles, ...flags }: ExportFlags,
  { printer, io, signal }: Exporting,
): Promise<{ problems: false }> {
  const query = auditQuery(flags, store)
  const { node, entryId, sessionId, types, from, to, after, scope } = query
  const total = (await store.auditHead())?.id ?? 0
  // A line over the export itself would be in the way.
  const line = progressLine(io.stdout.isTTY === true ? { write: () => {} } : io.stderr)
  const escape = format === 'csv' ? visibleLines : visibleJson
  let lines: string[] = []
  let last: string | undefined
  // The titles are a line, and no record.
  let done = format === 'csv' && titles ? -1 : 0
  const print = async (): Promise<void> => {
    if (last === undefined) await tellArchived(store, query, { io })
    await printer.raw(lines.join(''), escape)
    last = lines.at(-1)
    done += lines.length
    lines = []
  }
  try {
    for await (const text of store.exportAudits({
      ...{ format, titles, signal },
      ...{ node, entryId, sessionId, types, from, to, after, scope },
    })) {
      if (lines.push(text) < LINES_AT_ONCE) continue
      await print()
      line.show({ phase: 'exported', done, total: Math.max(done, total) })
    }
    await print()
    return { problems: false }
  } catch (error) {
    if (!isStoreError(error)) throw error
    // How far the store had read says nothing of what was printed.
    const what = error.code === 'ABORTED' ? 'the export was stopped' : error.message
    const printed = last === undefined ? '' : `; ${goOnText(done, last, format)}`
    // Where the reader is gone, the process ends there, quietly.
    await printer.drained()
    throw new StoreError(error.code, `${what}${printed}`, { cause: error, operation: error.operation })
  } finally {
    line.end()
  }
}

function goOnText(done: number, last: string, format: ExportAuditsOptions['format']): string {
  // What was written may never have been read.
  const printed = `at most ${count(done, 'record was', 'records were')} printed, up to record ${idOf(last, format)}`
  const titles = format === 'csv' ? ', and with --no-titles' : ''
  return `${printed}: go on behind the last whole record that you have, with --after and its id${titles}`
}

/** The id of a record that was exported. */
function idOf(text: string, format: ExportAuditsOptions['format']): number {
  switch (format) {
    case 'jsonl':
      return (JSON.parse(text) as { readonly id: number }).id
    case 'csv':
      return Number.parseInt(text, 10)
    case 'cloudevents':
      return Number((JSON.parse(text) as { readonly sequence: string }).sequence)
  }
}
