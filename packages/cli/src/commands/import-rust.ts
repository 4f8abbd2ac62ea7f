import type { NodeId, OwnedStore } from '@shepherd-store/core'
import type { RustComparison, RustImportReport } from '@shepherd-store/sqlite/rust'
import type { Command } from 'commander'
import { count, duration, type InstantFormat, instantFormat, number } from '../format.ts'
import { openStore } from '../open-store.ts'
import { type Block, facts, type Report, type Table } from '../output.ts'
import { progressLine } from '../progress.ts'
import { addNewStoreOptions, calendarOf, type NewStoreFlags, openRehearsal, rehearse } from '../rehearsal.ts'
import type { Opened, Shell } from '../shell.ts'

interface ImportFlags extends NewStoreFlags {
  readonly dryRun?: boolean
}

export function addImport(program: Command, shell: Shell): void {
  const command = program
    .command('import')
    .description('Bring the data of another store into this one.')
    .addHelpText('after', EXAMPLE)
    .command('rust')
    .description("Import the Rust crate's database: its log, usage, cooldowns and snapshot. It may be repeated.")
    .argument('<path>', 'the file that the crate wrote; it is not changed')
    .option('--dry-run', 'say what would be done, and write nothing')
  addNewStoreOptions(command)
    .addHelpText('after', EXAMPLE)
    .action(async (path: string, _flags: ImportFlags, called: Command) => {
      const flags = called.optsWithGlobals<ImportFlags>()
      const { dryRun = false } = flags
      // From the beginning: the source is copied before anything else, and the copy is to go.
      await shell.interruptible(async (signal) => {
        const source: Source = { path, dryRun, signal }
        await shell.run(called, (opened) => importRust(source, opened, shell), {
          calendar: calendarOf(flags),
          whenMissing: async (where, options) => {
            const rehearsal = await openRehearsal(options)
            if (dryRun) return rehearsal
            await checkSource(source, rehearsal)
            return openStore(where, options)
          },
        })
      }, new Error(STOPPED))
    })
}

interface Source {
  readonly path: string
  readonly dryRun: boolean
  /** Aborted at Ctrl-C. */
  readonly signal: AbortSignal
}

/** @throws StoreError when the source cannot be imported: before a database is made for it. */
async function checkSource({ path, signal }: Source, store: OwnedStore): Promise<void> {
  const { importRustStore } = await import('@shepherd-store/sqlite/rust')
  try {
    await rehearse(signal, (options) => importRustStore(path, store, { dryRun: true, ...options }))
  } finally {
    await store.close()
  }
}

const EXAMPLE = '\nExample: shepherd-store import rust /var/lib/shepherdd/shepherdd.db --dry-run'

/** Its data is the `RustImportReport` itself. */
async function importRust({ path, dryRun, signal }: Source, { store, where }: Opened, { io }: Shell): Promise<Report> {
  const { importRustStore } = await import('@shepherd-store/sqlite/rust')
  const progress = progressLine(io.stderr)
  try {
    const report = await importRustStore(path, store, { dryRun, signal, onProgress: progress.show })
    const text = (): readonly Block[] =>
      importText(report, { path, where, timeZone: store.calendar.timeZone, here: store.node })
    return { data: report, text, problems: report.problems.count > 0 }
  } finally {
    progress.end()
  }
}

const STOPPED = 'the import was stopped; what it brought so far is complete, and the same command goes on from there'

interface Place {
  readonly path: string
  readonly where: string
  readonly timeZone: string
  /** The store's own node. */
  readonly here: NodeId
}

function importText(report: RustImportReport, { path, where, timeZone, here }: Place): readonly Block[] {
  const { dryRun, node, unfinishedSession: open, endedSession: ended, problems, comparison } = report
  return [
    ...(dryRun ? [{ text: 'A dry run: nothing was written.', style: 'yellow' } as const] : []),
    facts([
      ['From', path],
      ['Into', where],
      ['Node', `${node}: what its records and usage belong to`],
      ['Days', `of ${timeZone}`],
    ]),
    '',
    countsTable(report),
    '',
    ...comparisonText(comparison),
    ...(open === undefined ? [] : openText(open, { dryRun, here, instant: instantFormat(timeZone) })),
    ...(ended === undefined
      ? []
      : [`The session of ${ended.entryId} that an earlier import opened has ended since, and has its end here, too.`]),
    ...(problems.count === 0 ? [] : ['', ...problemsText(problems)]),
  ]
}

function countsTable({ counts: { audits, usage, cooldowns, snapshot } }: RustImportReport): Table {
  const right = { align: 'right' } as const
  const saved = snapshot.result === 'saved' ? 1 : 0
  return {
    columns: [
      { title: 'Rows' },
      { title: 'Found', ...right },
      { title: 'Unreadable', ...right },
      { title: 'There before', ...right },
      { title: 'Imported', ...right },
    ],
    rows: [
      ['log', audits.found, audits.unreadable, audits.alreadyThere, audits.imported],
      ['usage', usage.found, usage.unreadable, duration(usage.alreadyThereMs), duration(usage.addedMs)],
      ['cooldowns', cooldowns.found, cooldowns.unreadable, cooldowns.alreadyThere, cooldowns.imported],
      ['snapshot', snapshot.found, snapshot.unreadable, snapshot.found - snapshot.unreadable - saved, saved],
    ].map((row) => row.map((cell) => (typeof cell === 'number' ? number(cell) : cell))),
  }
}

/** What the crate lost: it is not made up for, as nobody knows which of its limits were meant to hold. */
function comparisonText({
  endedMs,
  bookedMs,
  cutMs,
  notBookedMs,
  overbookedMs,
  sessionsWithoutEnd,
}: RustComparison): readonly Block[] {
  const parts = [
    [cutMs, 'cut to whole seconds'],
    [notBookedMs, 'never booked'],
    [overbookedMs, 'booked although no session in the log accounts for it'],
  ] as const
  return [
    `By its log ${duration(endedMs)} were played, and ${duration(bookedMs)} are booked.`,
    ...parts.flatMap(([ms, what]) => (ms === 0 ? [] : [`  ${duration(ms)} ${what}`])),
    ...(sessionsWithoutEnd.count === 0
      ? []
      : [`  ${count(sessionsWithoutEnd.count, 'session')} without an end, of which nothing is booked`]),
  ]
}

/** What becomes of the session that the source left running. */
function openText(
  { entryId, seenAt, playedMs, result }: NonNullable<RustImportReport['unfinishedSession']>,
  { dryRun, here, instant }: { readonly dryRun: boolean; readonly here: NodeId; readonly instant: InstantFormat },
): readonly Block[] {
  const seen = `A session of ${entryId} was running (${instant(new Date(seenAt))})`
  switch (result) {
    case 'opened':
      return [
        `${seen}: it ${dryRun ? 'would be' : 'is'} open on ${here} now, and its ${duration(playedMs)} are booked when it ends.`,
        ...(dryRun ? [] : ['When the old service runs no more: shepherd-store sessions recover']),
      ]
    case 'another_is_open':
      return [`${seen}, but another one is open on ${here}: when that one has ended, import again.`]
    case 'already_there':
    case 'ended':
      return []
  }
}

function problemsText({ count: found, list }: RustImportReport['problems']): readonly Block[] {
  const kept = { whole: 'in the log', in_part: 'in the log, in part', no: 'only in the source' }
  return [
    { text: `${count(found, 'row')} could not be read:`, style: 'red' },
    {
      columns: [{ title: 'Table' }, { title: 'Row', align: 'right' }, { title: 'Kept' }, { title: 'Problem' }],
      rows: list.map(({ table, row, quarantined, problem }) => [table, String(row), kept[quarantined], problem]),
    },
    ...(found > list.length ? [`and ${number(found - list.length)} more`] : []),
  ]
}
