import { type ExportAuditsOptions, isStoreError, type Store, StoreError } from '@shepherd-store/core'
import { type Command, Option } from 'commander'
import { addFilterOptions, auditQuery, type FilterFlags, hintAtTypes } from '../audit-filter.ts'
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
        '\nTo go on with an export that was cut off, give --after with the id of its last whole record.\n' +
        '\nExamples: shepherd-store audit export --all-scopes > log.jsonl' +
        '\n          shepherd-store audit export --format csv --since 30d > log.csv',
    )
    .action((_flags: ExportFlags, called: Command) => {
      refuseOptionsOf(audit, called)
      const flags = called.optsWithGlobals<ExportFlags>()
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
  const { node, entryId, sessionId, types, from, to, after, scope } = auditQuery(flags, store)
  const total = (await store.auditHead())?.id ?? 0
  // A line over the export itself would be in the way.
  const line = progressLine(io.stdout.isTTY === true ? { write: () => {} } : io.stderr)
  let done = 0
  try {
    let lines: string[] = []
    for await (const text of store.exportAudits({
      ...{ format, titles, signal },
      ...{ node, entryId, sessionId, types, from, to, after, scope },
    })) {
      if (lines.push(text) < LINES_AT_ONCE) continue
      await printer.raw(lines.join(''))
      done += lines.length
      lines = []
      line.show({ phase: 'exported', done, total: Math.max(done, total) })
    }
    await printer.raw(lines.join(''))
    return { problems: false }
  } catch (error) {
    if (!isStoreError(error)) throw error
    const goOn = 'what was printed ends with a whole record: go on with --after and its id'
    throw new StoreError(error.code, `${error.message}; ${goOn}`, { cause: error, operation: error.operation })
  } finally {
    line.end()
  }
}
