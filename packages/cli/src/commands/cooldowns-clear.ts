import type { EntryId } from '@shepherd-store/core'
import type { Command } from 'commander'
import { addCorrectionOptions, type CorrectionFlags, correctionOf, recorded, repeatedText } from '../correction.ts'
import { instantFormat } from '../format.ts'
import type { Block, Report } from '../output.ts'
import type { Opened, Shell } from '../shell.ts'

/** What `cooldowns clear --json` prints. */
interface ClearData {
  readonly entryId: EntryId
  /** When it would have ended, be it past or future. Absent when none was set, or it could not be read. */
  readonly until?: Date
  readonly by: string
  readonly why: string
  /** Whether it was done before, under the same operation id. */
  readonly repeated: boolean
  /** The id of its record in the log. */
  readonly record: number
}

export function addCooldownsClear(cooldowns: Command, shell: Shell): void {
  const command = cooldowns
    .command('clear')
    .description('Let an entry be used again before its cooldown ends. The log keeps who and why.')
    .argument('<entry>', 'the id of the entry')
  addCorrectionOptions(command)
    .addHelpText('after', '\nExample: shepherd-store cooldowns clear minecraft --why "the game had crashed" --by mum')
    .action((entryId: EntryId, _flags: CorrectionFlags, subcommand: Command) =>
      shell.run(subcommand, (opened) => clear(entryId, subcommand.optsWithGlobals<CorrectionFlags>(), opened, shell)),
    )
}

async function clear(entryId: EntryId, flags: CorrectionFlags, { store }: Opened, { io }: Shell): Promise<Report> {
  const { operationId, ...correction } = correctionOf(flags, io.env)
  const applied = await store.commit([{ type: 'clear_cooldown', entryId, ...correction }], { operationId })
  const { record, event } = recorded(applied, 'cooldown_cleared')
  const { until, by, why } = event
  const known = until === undefined ? {} : { until }
  const data: ClearData = { entryId, ...known, by, why, repeated: applied.repeated, record: record.id }
  const { timeZone } = store.calendar
  const text = (): readonly Block[] => [
    ...repeatedText(applied, record, timeZone),
    clearedText(entryId, { until, at: record.timestamp, timeZone }),
  ]
  return { data, text, problems: false }
}

function clearedText(
  entryId: EntryId,
  { until, at, timeZone }: { readonly until: Date | undefined; readonly at: Date; readonly timeZone: string },
): string {
  if (until === undefined) return `There was no cooldown of ${entryId}, or none that could be read; there is none now.`
  const instant = instantFormat(timeZone)(until)
  return until <= at
    ? `Cleared the cooldown of ${entryId}, which was over since ${instant}.`
    : `Cleared the cooldown of ${entryId}, which would have run until ${instant}.`
}
