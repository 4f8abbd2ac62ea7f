import type { Day, DurationMs, EntryId } from '@shepherd-store/core'
import type { Command } from 'commander'
import { dayArgument, durationArgument } from '../arguments.ts'
import { addCorrectionOptions, type CorrectionFlags, correctionOf, recorded, repeatedText } from '../correction.ts'
import { duration } from '../format.ts'
import type { Block, Report } from '../output.ts'
import type { Opened, Shell } from '../shell.ts'

interface GrantFlags extends CorrectionFlags {
  readonly takeBack?: boolean
  readonly day?: Day
}

/** What `grant --json` prints. */
interface GrantData {
  readonly entryId: EntryId
  readonly day: Day
  /** By how much the extra time changed; negative when it was taken back. */
  readonly byMs: number
  /** The day's extra time with it. */
  readonly grantedMs: DurationMs
  readonly by: string
  readonly why: string
  /** Whether it was done before, under the same operation id. */
  readonly repeated: boolean
  /** The id of its record in the log. */
  readonly record: number
}

export function addGrant(program: Command, shell: Shell): void {
  const command = program
    .command('grant')
    .description(
      'Grant an entry extra time for a day: every limit that the day counts for is raised by it. The log keeps who and why.',
    )
    .argument('<entry>', 'the id of the entry')
    .argument('<duration>', 'how much: 1h30m, 45m, 90s', durationArgument(1))
    .option('--take-back', 'take that much back, as far as there is extra time')
    .option('--day <day>', 'the day, YYYY-MM-DD (default: today)', dayArgument)
  addCorrectionOptions(command)
    .addHelpText('after', '\nExample: shepherd-store grant minecraft 30m --why "helped in the garden" --by dad')
    .action((entryId: EntryId, byMs: DurationMs, _flags: GrantFlags, subcommand: Command) =>
      shell.run(subcommand, (opened) =>
        grant({ entryId, byMs }, subcommand.optsWithGlobals<GrantFlags>(), opened, shell),
      ),
    )
}

interface Asked {
  readonly entryId: EntryId
  readonly byMs: DurationMs
}

async function grant(
  { entryId, byMs: amountMs }: Asked,
  flags: GrantFlags,
  { store }: Opened,
  { io }: Shell,
): Promise<Report> {
  const { takeBack = false, day = store.today() } = flags
  const askedMs = takeBack ? -amountMs : amountMs
  const applied = await store.grantTime(entryId, day, askedMs, correctionOf(flags, io.env))
  const { record, event } = recorded(applied, 'time_granted')
  const { byMs, grantedMs, by, why } = event
  const data: GrantData = { entryId, day, byMs, grantedMs, by, why, repeated: applied.repeated, record: record.id }
  const change = `${duration(Math.abs(byMs))} of extra time ${takeBack ? 'from' : 'for'} ${entryId} on ${day}`
  const text = (): readonly Block[] => [
    ...repeatedText(applied, record, store.calendar.timeZone),
    `${takeBack ? 'Took back' : 'Granted'} ${change}: ${duration(grantedMs)} in all.`,
    ...(byMs === askedMs
      ? []
      : [{ text: `No more than that was there; ${duration(amountMs)} were asked for.`, style: 'yellow' } as const]),
  ]
  return { data, text, problems: false }
}
