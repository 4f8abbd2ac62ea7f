import type { AuditRecord, Correction, Day, DurationMs, EntryId, SessionId, Store } from '@shepherd-store/core'
import { isArchived } from './archived.ts'
import type { ImportWriter } from './writer.ts'

const IMPORT_WHY = 'the old store has booked it itself: session '

/** Who corrects where an import has to, and why: none of what was imported is concerned. */
export function importCorrection(sessionId: SessionId): Correction {
  return { by: 'import', why: `${IMPORT_WHY}${sessionId}` }
}

/**
 * What people have taken off usage since the source was first imported, by entry and day: a later import is not to put
 * it back. The log is read when it is first asked for.
 */
export class Corrections {
  readonly #writer: ImportWriter
  #takenOff: Promise<ReadonlyMap<string, DurationMs>> | undefined
  #lastArchivedDay: Promise<Day | undefined> | undefined

  constructor(writer: ImportWriter) {
    this.#writer = writer
  }

  /** At least what is missing of the imported rows: some of it may have come off what was used since. */
  async takenOff(entryId: EntryId, day: Day): Promise<DurationMs> {
    this.#takenOff ??= this.#load()
    return (await this.#takenOff).get(keyOf(entryId, day)) ?? 0
  }

  /** Whether the log tells all that was taken off that day: it does not where it was archived. */
  async areKnown(day: Day): Promise<boolean> {
    this.#lastArchivedDay ??= lastArchivedDay(this.#writer.view)
    const archived = await this.#lastArchivedDay
    return archived === undefined || day > archived
  }

  async #load(): Promise<ReadonlyMap<string, DurationMs>> {
    const { view } = this.#writer
    const takenOff = new Map<string, DurationMs>()
    const added = new Map<string, DurationMs>()
    const [first] = await view.listAudits({ node: view.node, limit: 1 })
    for await (const { node, event } of view.readAudits({ after: first?.id })) {
      if (event.type !== 'usage_adjusted' || isOfImport(event)) continue
      const { entryId, day, byMs } = event
      // What is taken off comes off the node's own row first, on which is what it has added.
      const own = JSON.stringify([node, day, entryId])
      const leftMs = (added.get(own) ?? 0) + byMs
      added.set(own, Math.max(0, leftMs))
      if (leftMs < 0) takenOff.set(keyOf(entryId, day), (takenOff.get(keyOf(entryId, day)) ?? 0) - leftMs)
    }
    return takenOff
  }
}

/**
 * The last day of which a correction can have left the log, by the first record that somebody else has written: what was
 * imported has times of its own. Absent when nothing has left it.
 */
async function lastArchivedDay(view: Store): Promise<Day | undefined> {
  if (!(await isArchived(view))) return undefined
  for await (const { node, timestamp } of view.readAudits({ scope: 'all' })) {
    if (node !== view.node && !Number.isNaN(timestamp.getTime())) return view.calendar.dayOf(timestamp)
  }
  return undefined
}

function isOfImport({ by, why }: Extract<AuditRecord['event'], { readonly type: 'usage_adjusted' }>): boolean {
  return by === 'import' && why.startsWith(IMPORT_WHY)
}

function keyOf(entryId: EntryId, day: Day): string {
  return JSON.stringify([day, entryId])
}
