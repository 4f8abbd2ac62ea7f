import { type OwnedStore, systemTimeZone } from '@shepherd-store/core'
import type { Command } from 'commander'
import { openStore, type OpenStoreOptions } from './open-store.ts'
import type { GlobalFlags } from './shell.ts'

/** Of what may make a database: its days are kept by one zone from then on. */
export interface NewStoreFlags extends GlobalFlags {
  readonly timeZone?: string
}

export function addNewStoreOptions(command: Command): Command {
  return command.option(
    '--time-zone <zone>',
    'whose days a new store keeps, such as Europe/Berlin (default: those of this machine)',
  )
}

/** The calendar that the flags ask for. A store that is there must have it already. */
export function calendarOf({ timeZone }: NewStoreFlags): OpenStoreOptions['calendar'] {
  return timeZone === undefined ? undefined : { timeZone }
}

/** In memory, in place of a database that is still to be made. */
export function openRehearsal(options: OpenStoreOptions): Promise<OwnedStore> {
  const { timeZone = systemTimeZone() } = options.calendar ?? {}
  return openStore('memory:', { ...options, calendar: { timeZone } })
}

/** What is given to work that can be stopped. */
interface WorkOptions {
  readonly signal: AbortSignal
  readonly onProgress: () => void
}

/** Does the work up to its first progress, and tells whether it made any. @throws whatever comes before that. */
export async function rehearse(
  signal: AbortSignal,
  work: (options: WorkOptions) => Promise<unknown>,
): Promise<{ readonly begun: boolean }> {
  const begun = new AbortController()
  try {
    await work({ signal: AbortSignal.any([signal, begun.signal]), onProgress: () => begun.abort() })
  } catch (error) {
    if (signal.aborted || !begun.signal.aborted) throw error
  }
  signal.throwIfAborted()
  return { begun: begun.signal.aborted }
}
