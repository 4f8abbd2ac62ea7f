import type { Day, DurationMs, EntryId } from '@shepherd-store/core'
import type { ImportWriter } from './writer.ts'

/** Who corrects where an import has to: the node of the store, and none of what was imported. */
export const IMPORT_CORRECTS = 'import'

/**
 * What people have taken off usage since the source was first imported, by entry and day: a later import is not to put
 * it back. The log is read when it is first asked for.
 */
export class Corrections {
  readonly #writer: ImportWriter
  #takenOff: Promise<ReadonlyMap<string, DurationMs>> | undefined

  constructor(writer: ImportWriter) {
    this.#writer = writer
  }

  /** At least what is missing of the imported rows: some of it may have come off what was used since. */
  async takenOff(entryId: EntryId, day: Day): Promise<DurationMs> {
    this.#takenOff ??= this.#load()
    return (await this.#takenOff).get(keyOf(entryId, day)) ?? 0
  }

  async #load(): Promise<ReadonlyMap<string, DurationMs>> {
    const { view } = this.#writer
    const takenOff = new Map<string, DurationMs>()
    const [first] = await view.listAudits({ node: view.node, limit: 1 })
    for await (const { event } of view.readAudits({ after: first?.id })) {
      if (event.type !== 'usage_adjusted' || event.byMs >= 0 || event.by === IMPORT_CORRECTS) continue
      const key = keyOf(event.entryId, event.day)
      takenOff.set(key, (takenOff.get(key) ?? 0) - event.byMs)
    }
    return takenOff
  }
}

function keyOf(entryId: EntryId, day: Day): string {
  return JSON.stringify([day, entryId])
}
