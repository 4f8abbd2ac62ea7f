import { archiveLines } from './archive.ts'
import { linesOf, parseAuditLine } from './audit-line.ts'
import { checkCallback, checkSignal } from './audit-requests.ts'
import type { AuditHead } from './audit.ts'
import { ChainCheck } from './chain-check.ts'
import { GENESIS_HASH } from './chain.ts'
import { nextTurn, untilStopped } from './deadline.ts'
import type { AuditRow } from './effects.ts'
import type { Engine } from './engine.ts'
import { invalidArgument, StoreError } from './errors.ts'
import { LIMITS } from './limits.ts'
import { checkSignalOf, logEnds, stoppedAt, writeLogChanges } from './log-work.ts'
import type { StopSignal } from './stop-signal.ts'
import { checkFields, describe } from './values.ts'

/** A path of an archive, of a directory of archives, or of an export in JSON Lines; or the text of such, in pieces. */
export type AuditSource = string | AsyncIterable<string | Uint8Array>

export interface ImportAuditsOptions {
  /** Stops it: it rejects with `ABORTED`. The same call goes on with what is left. */
  readonly signal?: StopSignal | undefined
  readonly onProgress?: ((progress: ImportAuditsResult) => void) | undefined
}

export interface ImportAuditsResult {
  /** How many records were appended. */
  readonly imported: number
  /** How many were there already. */
  readonly present: number
  /** How many lie before where this log begins: they are not here, and were not compared. */
  readonly beforeStart: number
  /** Where the source ends, as far as it was read. Absent when it is empty. */
  readonly head?: AuditHead
}

/** @throws StoreError `INVALID_ARGUMENT` */
export function checkImport(source: AuditSource, options: ImportAuditsOptions): ImportAuditsOptions {
  const isPath = typeof source === 'string' && source !== '' && !source.includes('\0')
  const isText = typeof source === 'object' && source !== null && Symbol.asyncIterator in source
  if (!isPath && !isText) {
    throw invalidArgument(`source must be a path, or an async iterable of text, not ${describe(source)}`)
  }
  const { signal, onProgress } = checkFields(options, ['signal', 'onProgress'], 'options')
  return { signal: checkSignal(signal), onProgress: checkCallback(onProgress, 'onProgress') }
}

/** Takes up the records of another log with their ids and hashes, where this log ends just before them, or is empty. */
export async function importAudits(
  engine: Engine,
  source: AuditSource,
  { signal, onProgress }: ImportAuditsOptions,
): Promise<ImportAuditsResult> {
  const lines = typeof source === 'string' ? archiveLines(source) : linesOf(source)
  const target = new Target(engine)
  let batch: AuditRow[] = []
  let number = 0
  const reached = () => target.sourceHead?.id ?? 0
  const flush = async () => {
    checkSignalOf(signal, reached())
    await target.takeUp(batch)
    batch = []
    onProgress?.(target.result())
  }
  for await (const line of untilStopped(lines, signal, () => stoppedAt(reached()))) {
    number += 1
    if (number % LIMITS.LOG_BATCH_RECORDS === 0) await nextTurn()
    if (line === '') continue
    batch.push(target.read(line, number))
    if (batch.length === LIMITS.LOG_BATCH_RECORDS) await flush()
  }
  if (batch.length > 0) await flush()
  return target.result()
}

/** The log that records are taken up into, and what of their chain was seen. */
class Target {
  readonly #engine: Engine
  readonly #chain = new ChainCheck({})
  #begun = false
  #imported = 0
  #present = 0
  #beforeStart = 0
  /** What stands before the records that were read, and not taken up yet. */
  #before: AuditHead | undefined

  constructor(engine: Engine) {
    this.#engine = engine
  }

  get sourceHead(): AuditHead | undefined {
    return this.#begun ? this.#chain.head : undefined
  }

  result(): ImportAuditsResult {
    const head = this.sourceHead
    return {
      imported: this.#imported,
      present: this.#present,
      beforeStart: this.#beforeStart,
      ...(head === undefined ? {} : { head }),
    }
  }

  /** The record of the line, which follows on the one before. @throws StoreError `MALFORMED`, `INVALID_ARGUMENT` */
  read(line: string, number: number): AuditRow {
    const { row, previousHash } = parseAuditLine(line, `line ${number} of the source`)
    if (!this.#begun) this.#chain.goOnFrom({ id: row.id - 1, hash: hashBefore(row, previousHash) })
    if (previousHash !== undefined && previousHash !== this.#chain.head.hash) {
      throw new StoreError('MALFORMED', `line ${number} of the source stands behind another record than it tells`)
    }
    this.#before ??= this.#chain.head
    this.#begun = true
    if (this.#chain.isSound(row)) return row
    const problem = this.#chain.result().firstBreak?.message ?? ''
    throw new StoreError(
      'MALFORMED',
      `line ${number} of the source breaks its chain (${problem}); nothing from there on was imported`,
    )
  }

  async takeUp(rows: readonly AuditRow[]): Promise<void> {
    const before = this.#before
    const [first] = rows
    if (first === undefined || before === undefined) return
    this.#before = undefined
    const { head, start } = await logEnds(this.#engine)
    const known = rows.filter(({ id }) => id <= head.id)
    await this.#compare(known, start, head)
    const early = known.filter(({ id }) => id <= start.id).length
    this.#beforeStart += early
    this.#present += known.length - early
    const missing = rows.slice(known.length)
    if (missing.length === 0) return
    const after = known.at(-1) ?? before
    if (head.id !== 0 && after.id !== head.id) {
      throw invalidArgument(
        `the log ends with record ${head.id}, and the source begins with record ${first.id}: import what comes between first`,
      )
    }
    if (head.id !== 0 && after.hash !== head.hash) {
      throw invalidArgument(`the source stands behind another record ${head.id} than the store has: they are two logs`)
    }
    const contents = missing.map(({ id: _, hash: __, ...content }) => content)
    const appended = await writeLogChanges(this.#engine, [
      { table: 'audit_restore', after: { id: after.id, hash: after.hash }, contents },
    ])
    if (appended.at(-1)?.hash !== missing.at(-1)?.hash) {
      throw new StoreError(
        'DATABASE',
        'the database gave imported records other hashes: a defect of the driver, report it',
        {
          outcome: 'unknown',
        },
      )
    }
    this.#imported += missing.length
  }

  /** Those that are here already must be the same ones. What is cut off here cannot be compared. */
  async #compare(rows: readonly AuditRow[], start: AuditHead, head: AuditHead): Promise<void> {
    const [first] = rows
    if (first === undefined) return
    const { audits } = await this.#engine.read({ audits: { after: first.id - 1, order: 'asc', limit: rows.length } })
    const hashes = new Map([start, head, ...audits].map(({ id, hash }) => [id, hash]))
    const other = rows.find(({ id, hash }) => (hashes.get(id) ?? (id <= start.id ? hash : undefined)) !== hash)
    if (other === undefined) return
    throw invalidArgument(
      `the store has another record ${other.id} than the source: they are two logs. Import into a new store`,
    )
  }
}

/** What the first record of the source stands behind. */
function hashBefore({ id }: AuditRow, previousHash: string | undefined): string {
  if (id === 1) return GENESIS_HASH
  if (previousHash !== undefined) return previousHash
  throw invalidArgument(
    `the source begins with record ${id}, and does not tell what came before it: give all records, of all scopes, without a filter`,
  )
}
