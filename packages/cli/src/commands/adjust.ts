import { type Day, type DurationMs, type EntryId, StoreError } from '@shepherd-store/core'
import { type Command, Option } from 'commander'
import { dayArgument, durationArgument } from '../arguments.ts'
import { addCorrectionOptions, type CorrectionFlags, correctionOf, recorded, repeatedText } from '../correction.ts'
import { duration } from '../format.ts'
import type { Block, Report } from '../output.ts'
import type { Opened, Shell } from '../shell.ts'

interface AdjustFlags extends CorrectionFlags {
  readonly plus?: DurationMs
  readonly minus?: DurationMs
  readonly day?: Day
}

/** What `adjust --json` prints. */
interface AdjustData {
  readonly entryId: EntryId
  readonly day: Day
  /** By how much the total changed: less than was asked for where it would have passed zero. */
  readonly byMs: number
  /** The day's total with it. */
  readonly usedMs: DurationMs
  readonly by: string
  readonly why: string
  /** Whether it was done before, under the same operation id. */
  readonly repeated: boolean
  /** The id of its record in the log. */
  readonly record: number
}

export function addAdjust(program: Command, shell: Shell): void {
  const command = program
    .command('adjust')
    .description("Correct how long an entry was used: add to a day's total, or take off it. The log keeps who and why.")
    .argument('<entry>', 'the id of the entry')
    .addOption(new Option('--plus <duration>', 'what to add: 1h30m, 45m, 90s').argParser(durationArgument(1)))
    .addOption(
      new Option('--minus <duration>', 'what to take off, as far as the total goes')
        .argParser(durationArgument(1))
        .conflicts('plus'),
    )
    .option('--day <day>', 'the day, YYYY-MM-DD (default: today)', dayArgument)
  addCorrectionOptions(command)
    .addHelpText(
      'after',
      '\nExample: shepherd-store adjust minecraft --minus 30m --why "the game had crashed" --by mum',
    )
    .action((entryId: EntryId, _flags: AdjustFlags, subcommand: Command) =>
      shell.run(subcommand, (opened) => adjust(entryId, subcommand.optsWithGlobals<AdjustFlags>(), opened, shell)),
    )
}

async function adjust(entryId: EntryId, flags: AdjustFlags, { store }: Opened, { io }: Shell): Promise<Report> {
  const { plus, minus, day = store.today() } = flags
  const askedMs = plus ?? (minus === undefined ? undefined : -minus)
  if (askedMs === undefined)
    throw new StoreError('INVALID_ARGUMENT', 'say with --plus or --minus by how much, such as --minus 30m')
  const applied = await store.adjustUsage(entryId, day, askedMs, correctionOf(flags, io.env))
  const { record, event } = recorded(applied, 'usage_adjusted')
  const { byMs, usedMs, by, why } = event
  const data: AdjustData = { entryId, day, byMs, usedMs, by, why, repeated: applied.repeated, record: record.id }
  const change = `${duration(Math.abs(byMs))} ${askedMs < 0 ? 'off' : 'to'}`
  const text = (): readonly Block[] => [
    ...repeatedText(applied, record, store.calendar.timeZone),
    `${askedMs < 0 ? 'Took' : 'Added'} ${change} ${entryId} on ${day}: ${duration(usedMs)} in all.`,
    ...(byMs === askedMs
      ? []
      : [{ text: `No more than that was used; ${duration(-askedMs)} were asked for.`, style: 'yellow' } as const]),
  ]
  return { data, text, problems: false }
}
