import type { DurationMs, EntryDayState, EntryId, Store } from '@shepherd-store/core'
import type { Command } from 'commander'
import { duration, instantFormat } from '../format.ts'
import type { Block, Report } from '../output.ts'
import type { Shell } from '../shell.ts'
import { addCooldownsClear } from './cooldowns-clear.ts'

/** What `cooldowns --json` prints. */
export interface CooldownsData {
  /** The instant for which it holds, by the clock of this machine. */
  readonly at: Date
  /** Those that run, the first to end first. */
  readonly cooldowns: readonly { readonly entryId: EntryId; readonly until: Date; readonly remainingMs: DurationMs }[]
  /** The entries whose cooldown cannot be read. */
  readonly unreadable: readonly EntryId[]
}

export function addCooldowns(program: Command, shell: Shell): void {
  const command = program
    .command('cooldowns')
    .description('Show which entries have to rest, and until when.')
    .addHelpText('after', '\nExample: shepherd-store cooldowns --scope mia')
    .action((_flags: unknown, called: Command) => shell.run(called, ({ store }) => cooldowns(store)))
  addCooldownsClear(command, shell)
}

async function cooldowns(store: Store): Promise<Report> {
  const data = cooldownsAt(store.clock.now(), [...(await store.getDayState(store.today()))])
  return { data, text: () => cooldownsText(data, store.calendar.timeZone), problems: data.unreadable.length > 0 }
}

export function cooldownsAt(at: Date, entries: readonly EntryDayState[]): CooldownsData {
  const running = entries.flatMap(({ entryId, cooldownUntil: until }) => {
    const remainingMs = until === undefined ? 0 : until.getTime() - at.getTime()
    return until === undefined || remainingMs <= 0 ? [] : [{ entryId, until, remainingMs }]
  })
  return {
    at,
    cooldowns: running.toSorted((a, b) => a.remainingMs - b.remainingMs),
    unreadable: entries.flatMap(({ entryId, unreadable }) => (unreadable.includes('cooldown') ? [entryId] : [])),
  }
}

function cooldownsText({ cooldowns: running, unreadable }: CooldownsData, timeZone: string): readonly Block[] {
  const instant = instantFormat(timeZone)
  const columns = [{ title: `Until (${timeZone})` }, { title: 'Left', align: 'right' as const }, { title: 'Entry' }]
  const rows = running.map(({ entryId, until, remainingMs }) => [instant(until), duration(remainingMs), entryId])
  return [
    rows.length === 0 ? 'No cooldown runs.' : { columns, rows },
    ...unreadable.map((entryId): Block => ({ text: unreadableCooldown(entryId), style: 'red' })),
  ]
}

export function unreadableCooldown(entryId: EntryId): string {
  return `The cooldown of ${entryId} cannot be read; set or clear it.`
}
