import type { AuditRecord, Store } from '@shepherd-store/core'
import type { Command } from 'commander'
import { tellArchived } from '../archived.ts'
import { countOrAllArgument } from '../arguments.ts'
import { addFilterOptions, auditQuery, type FilterFlags, hintAtTypes } from '../audit-filter.ts'
import type { Io } from '../io.ts'
import type { Printer } from '../output.ts'
import { firstRecords, recordsTogether } from '../record-list.ts'
import { RecordTable } from '../record-table.ts'
import type { Shell } from '../shell.ts'
import { refuseOptionsOf } from '../subcommand.ts'

interface FollowFlags extends FilterFlags {
  /** Default `RECORDS_DEFAULT`; all with `since` or `after`. */
  readonly number?: number | 'all'
}

const RECORDS_DEFAULT = 10
const RECORDS_MAX = 10_000

export function addAuditFollow(audit: Command, shell: Shell): void {
  const command = audit
    .command('follow')
    .description('Show the last records of the log, and then every one as it comes, until Ctrl-C.')
  addFilterOptions(command, { until: false })
    .option(
      '-n, --number <count>',
      `how many of those that are there, or all (default: ${RECORDS_DEFAULT}, with --since or --after all)`,
      countOrAllArgument(RECORDS_MAX),
    )
    .addHelpText(
      'after',
      '\nWith --json it prints one JSON object a line: a record. To go on later without a gap, give --after\n' +
        'with the id of the last one.\n' +
        '\nExamples: shepherd-store audit follow --type launch_denied --all-scopes' +
        '\n          shepherd-store audit follow --after 2240 --json',
    )
    .action((_flags: FollowFlags, called: Command) => {
      refuseOptionsOf(audit, called)
      const flags = called.optsWithGlobals<FollowFlags>()
      hintAtTypes(flags, shell.io)
      return shell.interruptible((signal) =>
        shell.stream(called, ({ store }, printer) => follow(store, flags, { printer, io: shell.io, signal }), {
          actAs: 'this_machine',
          signal,
        }),
      )
    })
}

interface Following {
  readonly printer: Printer
  readonly io: Io
  /** Aborted at Ctrl-C. */
  readonly signal: AbortSignal
}

/** Ends when it is stopped, whatever was shown: nothing was looked for. */
async function follow(
  store: Store,
  flags: FollowFlags,
  { printer, io, signal }: Following,
): Promise<{ problems: false }> {
  const { node, allScopes: scopes = false, after = 0 } = flags
  const query = auditQuery(flags, store)
  const head = await store.auditHead()
  const { timeZone } = store.calendar
  const table = new RecordTable({ timeZone, nodes: node === undefined, scopes, lastId: head?.id })
  const print = (records: readonly AuditRecord[]): Promise<void> =>
    printer.json ? printer.lines(records) : printer.blocks([table.part(records)])

  const isResumed = flags.since !== undefined || flags.after !== undefined
  const { number = isResumed ? 'all' : RECORDS_DEFAULT } = flags
  let from = after
  let last: readonly AuditRecord[] = []
  if (number !== 'all' && head !== undefined && head.id > after) {
    // Up to that head, and then what is behind it: nothing comes twice, and nothing is left out.
    const newest = await firstRecords(store, { ...query, before: head.id + 1, order: 'desc' }, number)
    last = newest.toReversed()
    from = head.id
  }
  const isFromStart = number === 'all' || last.length < number
  if (isFromStart) await tellArchived(store, query, { io, oldestId: last[0]?.id })
  if (last.length > 0 || !printer.json) await print(last)
  for await (const part of recordsTogether(store.readAudits({ ...query, after: from, follow: true, signal }))) {
    await print(part)
  }
  return { problems: false }
}
