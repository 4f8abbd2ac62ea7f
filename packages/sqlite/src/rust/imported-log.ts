import {
  addDays,
  type Change,
  isStoreError,
  LIMITS,
  type OriginalRecord,
  type Store,
  StoreError,
} from '@shepherd-store/core'
import { isArchived } from './archived.ts'
import type { ImportWriter } from './writer.ts'

/** A row of the log as it is to be imported. */
export interface LogRow {
  readonly change: Extract<Change, { type: 'import_audit' }>
  /** It stands on a damaged part of the file: nothing of it is known. */
  readonly damaged: boolean
}

/** What the store has of the source's log: its first rows, without gaps. */
export class ImportedLog {
  readonly #writer: ImportWriter
  /** The last row that is there; `null` before that was looked up. */
  #last: OriginalRecord | undefined | null = null
  /** Of the source's rows that are there already the last one so far, until it was compared with the store's. */
  #shared: OriginalRecord | undefined
  /** Whether the source has any of the rows that are there. */
  #overlaps = false

  constructor(writer: ImportWriter) {
    this.#writer = writer
  }

  /**
   * Appends those that are not there, and returns how many. The commit is named after its first row: an import that
   * runs beside this one, or a commit of a lost one that arrives late, cannot append that row a second time.
   * `checked` gives the same rows, each looked at by itself: asked for when they are there already, so that nobody else
   * looks at them, and when the store refuses one of them.
   * @throws StoreError `INVALID_ARGUMENT` when the source is another than the imported one; nothing is appended.
   */
  async append(unchecked: readonly LogRow[], checked: () => Promise<readonly LogRow[]>): Promise<number> {
    if (this.#last === null) {
      this.#last = await lastImported(this.#writer.view)
      if (this.#last === undefined) await checkNotArchived(this.#writer.view)
    }
    let rows = unchecked
    let areChecked = false
    for (;;) {
      const after: number = this.#last?.id ?? Number.NEGATIVE_INFINITY
      if (!areChecked && rows.some(({ change }) => change.original.id <= after)) {
        rows = await checked()
        areChecked = true
      }
      const sharedRow = rows.findLast(({ change, damaged }) => !damaged && change.original.id <= after)
      this.#shared = sharedRow?.change.original ?? this.#shared
      this.#overlaps ||= rows.some(({ change }) => change.original.id <= after)
      const missing = rows.flatMap(({ change }) => (change.original.id > after ? [change] : []))
      const [first] = missing
      if (first === undefined) return 0
      await this.checkSameSource()
      if (this.#last !== undefined && !this.#overlaps) throw this.#otherSource('no row in common with')
      try {
        await this.#writer.commit(`audits from ${first.original.id}`, missing)
        this.#last = missing.at(-1)?.original
        this.#overlaps = true
        return missing.length
      } catch (error) {
        if (isStoreError(error, 'INVALID_ARGUMENT') && !areChecked) {
          rows = await checked()
          areChecked = true
          continue
        }
        if (!isStoreError(error, 'OPERATION_MISMATCH')) throw error
        // Another import appended fewer or more rows from here: go on after them.
        this.#last = await lastImported(this.#writer.view)
        if (this.#last === undefined || this.#last.id <= after) throw error
      }
    }
  }

  /**
   * Compares the last row that both have: of a source that only shares its beginning with the imported one, such as a
   * copied machine's or a restored backup that was written to since, the other rows would be taken for those that are
   * there. Where the source has all rows, the store's is at hand; where it is shorter, the store's log is read back to it.
   * @throws StoreError `INVALID_ARGUMENT`
   */
  async checkSameSource(): Promise<void> {
    const shared = this.#shared
    if (shared === undefined) return
    const { view } = this.#writer
    const stored = shared.id === this.#last?.id ? this.#last : await lastImported(view, shared.id)
    if (stored?.id !== shared.id || stored.timestamp !== shared.timestamp || stored.event !== shared.event) {
      throw this.#otherSource(`another row ${shared.id} than`)
    }
    this.#shared = undefined
  }

  #otherSource(difference: string): StoreError {
    return new StoreError(
      'INVALID_ARGUMENT',
      `this audit_log has ${difference} the one that was imported as node ${this.#writer.view.node}: the source is another, ` +
        'or was changed since. Give it a node of its own; what both have is then in the store twice',
    )
  }
}

/**
 * Where no row is there, none has left the log: its rows would be appended a second time.
 * @throws StoreError `INVALID_ARGUMENT`
 */
async function checkNotArchived(view: Store): Promise<void> {
  if (!(await isArchived(view))) return
  const imported = await view.listUsage({ ...ALL_DAYS, by: ['node'], node: view.node })
  if (imported.length === 0) return
  throw new StoreError(
    'INVALID_ARGUMENT',
    `what was imported as node ${view.node} has left the log, with all that tells what is new in the source: nothing was imported; ` +
      'import it into a new store, or, to have it twice, as another node',
  )
}

/** As many as one range of usage may have. */
const ALL_DAYS = { from: '1970-01-01', to: addDays('1970-01-01', LIMITS.USAGE_RANGE_DAYS_MAX) } as const

/** The last row of the source's log in the store whose id is at most `upTo`. */
async function lastImported(view: Store, upTo = Number.POSITIVE_INFINITY): Promise<OriginalRecord | undefined> {
  for await (const { id, original } of view.readAudits({ node: view.node, order: 'desc', limit: 100 })) {
    // Records without an original are rows of other tables, in quarantine.
    if (original === undefined) continue
    if (!Number.isSafeInteger(original.id)) {
      throw new StoreError('MALFORMED', `record ${id} does not tell which row of the source it is; see verifyAudits`)
    }
    if (original.id <= upTo) return original
  }
  return undefined
}
