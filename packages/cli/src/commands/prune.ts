import { LIMITS, type RetentionResult, type Store, StoreError } from '@shepherd-store/core'
import { type Command, InvalidArgumentError } from 'commander'
import { count, type InstantFormat, instantFormat, number } from '../format.ts'
import type { Io } from '../io.ts'
import { withPlace } from '../messages.ts'
import type { Block, Report } from '../output.ts'
import { progressLine } from '../progress.ts'
import type { GlobalFlags, Shell } from '../shell.ts'

interface PruneFlags extends GlobalFlags {
  /** In days. */
  readonly keep: number
  readonly archive?: string
  readonly dryRun?: boolean
}

export function addPrune(program: Command, shell: Shell): void {
  program
    .command('prune')
    .description('Archive the oldest records of the log, of all scopes, and remove them from it. Totals of usage stay.')
    .requiredOption('--keep <time>', 'how long records stay in the log: 90d, 52w (30 days at least)', keepArgument)
    .option('--archive <directory>', 'where they go before they leave the log')
    .option('--dry-run', 'say what would be archived, and do nothing')
    .addHelpText(
      'after',
      '\nIt can be stopped at any time; the same command goes on. The log tells it, and verifies on.\n' +
        '\nExample: shepherd-store prune --keep 90d --archive /mnt/archive',
    )
    .action((_flags: PruneFlags, command: Command) => {
      const flags = command.optsWithGlobals<PruneFlags>()
      const { archive = '', dryRun = false, scope } = flags
      if (scope !== undefined) {
        throw new StoreError(
          'INVALID_ARGUMENT',
          'prune is about the log of all scopes, and takes no --scope; shepherd-store forget erases what is kept of one',
        )
      }
      if (archive === '' && !dryRun) {
        throw new StoreError(
          'INVALID_ARGUMENT',
          'say with --archive which directory the records go to before they leave the log; --dry-run only looks',
        )
      }
      return shell.interruptible((signal) =>
        shell.run(command, ({ store }) => prune(store, flags, { io: shell.io, signal })),
      )
    })
}

interface Pruning {
  readonly io: Io
  /** Aborted at Ctrl-C. */
  readonly signal: AbortSignal
}

/** Its data is the `RetentionResult` itself. */
async function prune(
  store: Store,
  { keep: keepDays, archive: archiveTo, dryRun = false }: PruneFlags,
  { io, signal }: Pruning,
): Promise<Report> {
  const line = progressLine(io.stderr)
  try {
    const result = await store.applyRetention({
      ...{ keepDays, archiveTo, dryRun, signal },
      onProgress: ({ step, done, total }) => line.show({ phase: step, done, total }),
    })
    const older = await olderBehind(store, result)
    const { timeZone } = store.calendar
    return { data: result, text: () => pruneText(result, { dryRun, timeZone, older }), problems: false }
  } catch (error) {
    throw archiveTo === undefined ? error : withPlace(error, archiveTo)
  } finally {
    line.end()
  }
}

/** How many old records stay behind the one that is not old, counted up to `OLDER_MAX`. */
async function olderBehind(store: Store, { heldBy, cutoff: to }: RetentionResult): Promise<number> {
  if (heldBy === undefined) return 0
  return (await store.listAudits({ scope: 'all', after: heldBy.id, to, limit: OLDER_MAX })).length
}

const OLDER_MAX = 1_000

interface PruneTextOptions {
  readonly dryRun: boolean
  readonly timeZone: string
  readonly older: number
}

function pruneText(
  { cutoff, records, throughId, heldBy, archives }: RetentionResult,
  { dryRun, timeZone, older }: PruneTextOptions,
): readonly Block[] {
  const instant = instantFormat(timeZone)
  const before = `from before ${instant(cutoff)} (${timeZone})`
  const held = heldBy === undefined ? [] : [heldText(heldBy, older, instant)]
  if (throughId === undefined) {
    return heldBy === undefined
      ? [`There is no record ${before}: nothing to archive.`]
      : ['Nothing to archive.', ...held]
  }
  const what = `${count(records, 'record')} ${before}, up to record ${throughId}`
  if (dryRun) return [`Would archive and remove ${what}.`, ...held]
  return [
    { text: `Archived and removed ${what}.`, style: 'green' },
    ...held,
    {
      columns: [{ title: 'Archive' }, { title: 'Records', align: 'right' }, { title: 'SHA-256' }],
      rows: archives.map(({ file, records: inFile, sha256 }) => [file, String(inFile), sha256]),
    },
  ]
}

function heldText(
  { id, timestamp, node }: NonNullable<RetentionResult['heldBy']>,
  older: number,
  instant: InstantFormat,
): Block {
  const stays = `Record ${id} of ${instant(timestamp)} (node ${node}) stays, as it is not old`
  const behind = older === 1 ? '1 older record behind it' : `${atLeast(older)} older records behind it`
  const until = `in the log ${older === 1 ? 'stays' : 'stay'} with it until it is old itself`
  return { text: `${stays}; ${behind} ${until}. Either clock may have been wrong.`, style: 'yellow' }
}

function atLeast(older: number): string {
  return older < OLDER_MAX ? number(older) : `${number(older)} or more`
}

/** What would be older than 50 years, no clock that was right has written. */
const KEEP_DAYS_MAX = 18_250

/** @throws InvalidArgumentError unless it is a number of days or weeks that records can be kept. */
function keepArgument(text: string): number {
  const [, amount, unit] = /^(\d{1,5})(d|w)$/.exec(text) ?? []
  if (amount === undefined) throw new InvalidArgumentError('Give days or weeks, such as 90d or 52w.')
  const days = Number(amount) * (unit === 'w' ? 7 : 1)
  if (days >= LIMITS.RETENTION_DAYS_MIN && days <= KEEP_DAYS_MAX) return days
  throw new InvalidArgumentError(`Give ${LIMITS.RETENTION_DAYS_MIN} days at least, and ${KEEP_DAYS_MAX} at most.`)
}
