import { createHash, type Hash } from 'node:crypto'
import type { AuditBreak, AuditVerification, VerifyOptions } from './audit-verification.ts'
import type { AuditHead } from './audit.ts'
import { GENESIS_HASH, linkHash, recordDigest, saltedDigest, unsaltedLine } from './chain.ts'
import type { LogEnds } from './driver.ts'
import { type AuditRow, ERASED_TEXT } from './effects.ts'
import { isToBeErased } from './forgotten.ts'
import type { Scope } from './values.ts'
import { decodeEvent } from './wire.ts'

const GENESIS: AuditHead = { id: 0, hash: GENESIS_HASH }
/** In place of the hash of a record that is not read. */
const UNREAD = ''

/** One row after the other; it stops at the first that is not as it was written. */
export class ChainCheck {
  readonly #expectedHead: AuditHead | undefined
  readonly #from: AuditHead | undefined
  readonly #part: boolean
  #head: AuditHead = GENESIS
  #firstBreak: AuditBreak | undefined
  #proven = false
  #checked = 0
  /** The record before the one that is gone on from. */
  #before: number | undefined
  #erased = 0
  /** Where the log begins: a later record has to tell why. */
  #start: AuditHead | undefined
  #unexplained: AuditHead | undefined
  /** By scope: records that are erased, and of which a later record has to tell. */
  readonly #erasures = new Map<Scope, Erasure>()
  /** Those without a salt: which they are, that record tells. */
  readonly #unsalted = new Map<Scope, UnsaltedRecords>()
  #erasedUnsalted = 0
  #isUnsaltedUnproven = false

  constructor({ expectedHead, from, part = false }: Pick<VerifyOptions, 'expectedHead' | 'from' | 'part'>) {
    this.#expectedHead = expectedHead
    this.#from = from
    this.#part = part
  }

  get head(): AuditHead {
    return this.#head
  }

  get checked(): number {
    return this.#checked
  }

  /** The log begins behind `start`. What is stored before it, and was cut off, is on its way out. */
  begin(start: AuditHead, firstId = 1): void {
    if (firstId < 1) this.#break(1, 'missing', `record ${firstId} stands where 1 belongs`)
    const { id = 0 } = this.#from ?? {}
    if (id <= start.id) this.skipTo(start)
    // What comes before a head that is known is known. Of the record before it, the hash is what its own follows from.
    else if (id - 1 === start.id) this.#head = start
    else {
      this.#before = id - 1
      this.#head = { id: id - 2, hash: UNREAD }
    }
  }

  /** What comes before is known, or is not looked at. */
  goOnFrom(head: AuditHead): void {
    this.#head = head
  }

  /** The log is cut there. */
  skipTo(start: AuditHead): void {
    if (start.id <= this.#head.id) return
    this.#start = start
    this.#unexplained = start
    this.#head = start
    this.#erasures.clear()
    this.#unsalted.clear()
    this.#meetKnownHeads(start)
  }

  /** Whether it is what was written, in its place. */
  isSound(row: AuditRow): boolean {
    if (this.#firstBreak !== undefined) return false
    if (row.id === this.#before && row.id === this.#head.id + 1) {
      this.#head = { id: row.id, hash: row.hash }
      return true
    }
    this.#checked += 1
    this.#check(row)
    if (this.#firstBreak !== undefined) return false
    this.#head = { id: row.id, hash: row.hash }
    this.#explain(row)
    return true
  }

  /** The record is sound, but a question about its time passes over it. */
  foundUntold({ id, timestamp }: AuditRow): void {
    const message =
      `record ${id} is sound, but questions about ${timestamp.toISOString()} pass over it: ` +
      'what the database tells of the times of its records was changed or removed'
    this.#break(id, 'time_untold', message)
  }

  /** The log's own mark of its end. */
  end({ head, forgottenId }: Pick<LogEnds, 'head' | 'forgottenId'>): void {
    if (this.#firstBreak !== undefined) return
    const { id, hash } = this.#head
    for (const known of [this.#expectedHead, this.#from]) {
      if (known === undefined || known.id <= head.id) continue
      const message = `the log ends at ${head.id}, but it once reached ${known.id}: its tail was cut off`
      this.#break(head.id + 1, 'head_missing', message)
    }
    if (head.id > id) {
      const message = `the log ends at ${id}, and its own mark tells that it reached ${head.id}: its tail was cut off`
      this.#break(id + 1, 'tail_missing', message)
    } else if (hash !== UNREAD && (head.id < id || head.hash !== hash)) {
      const message = `the log's own mark of its end, at ${head.id}, is not of its last record, ${id}`
      this.#break(id, 'tail_missing', message)
    }
    if (forgottenId >= Math.max(1, head.id)) {
      const message = `the database tells that a scope was forgotten up to record ${forgottenId}, and no record tells of it`
      this.#break(head.id, 'erasure_unrecorded', message)
    }
    if (this.#part) return
    if (this.#unexplained !== undefined) {
      const message = `the log begins behind record ${this.#unexplained.id}, and no record tells that those before it were archived`
      this.#break(this.#unexplained.id, 'cut_unrecorded', message)
    }
    const erasures = [...this.#erasures, ...this.#unsalted].flatMap(([scope, { firstId }]) =>
      firstId === undefined ? [] : [{ scope, firstId }],
    )
    for (const { scope, firstId } of erasures.toSorted((a, b) => a.firstId - b.firstId)) {
      const message = `record ${firstId} was erased, and no record tells that its scope ${JSON.stringify(scope)} was to be forgotten`
      this.#break(firstId, 'erasure_unrecorded', message)
    }
  }

  result(): AuditVerification {
    const { id } = this.#head
    return {
      intact: this.#firstBreak === undefined,
      checked: this.#checked,
      erased: this.#erased,
      // One that was only read for its hash was not found good.
      ...(id === 0 || this.#head.hash === UNREAD || id === this.#before ? {} : { head: this.#head }),
      ...(this.#firstBreak === undefined ? {} : { firstBreak: this.#firstBreak }),
      tail: this.#proven ? 'proven' : 'unproven',
      blindSpots: this.#blindSpots(),
    }
  }

  #check(row: AuditRow): void {
    const previous = this.#head
    const due = previous.id + 1
    if (row.id !== due) {
      const message =
        row.id > due ? `records ${due} to ${row.id - 1} are missing` : `record ${row.id} stands where ${due} belongs`
      this.#break(due, 'missing', message)
    } else if (!this.#isAsWritten(row)) {
      this.#break(row.id, 'content_changed', `record ${row.id} is not as it was written`)
    } else if (linkHash(previous.hash, row.id, row.digest) !== row.hash) {
      this.#break(row.id, 'chain_broken', `the hash of record ${row.id} does not follow from the record before`)
    } else this.#meetKnownHeads(row)
  }

  #isAsWritten(row: AuditRow): boolean {
    const { id, scope, contentDigest, digest } = row
    if (contentDigest === undefined) {
      // What is forgotten is erased step by step: the log tells beforehand of all of them.
      if (row.salt === undefined && isToBeErased(row)) this.#meetUnsalted(row, undefined)
      return recordDigest(row) === digest
    }
    this.#erased += 1
    // Of the first form, all was erased that the digest is of: what the record still tells is not proven by it.
    const isUnsalted = contentDigest === digest
    if (isUnsalted) {
      this.#meetUnsalted(row, id)
      this.#erasedUnsalted += 1
    } else this.#erasures.set(scope, { firstId: this.#erasures.get(scope)?.firstId ?? id, lastId: id })
    return isBlank(row) && (isUnsalted || saltedDigest(row, contentDigest) === digest)
  }

  #meetUnsalted(row: AuditRow, erasedId: number | undefined): void {
    const { firstId, hash } = this.#unsalted.get(row.scope) ?? { firstId: undefined, hash: createHash('sha256') }
    this.#unsalted.set(row.scope, { firstId: firstId ?? erasedId, hash: hash.update(unsaltedLine(row)) })
  }

  #meetKnownHeads({ id, hash }: AuditHead): void {
    for (const known of [this.#expectedHead, this.#from]) {
      if (id !== known?.id) continue
      if (hash === known.hash) this.#proven = true
      else {
        const message = `record ${id} is sound in itself, but is not the one that was the head: the log was written anew`
        this.#break(id, 'head_differs', message)
      }
    }
  }

  /** A record may tell why the log begins where it does, and why records are erased. */
  #explain({ type, text, scope }: AuditRow): void {
    if (type !== 'records_archived' && type !== 'scope_forgotten') return
    const event = decodeEvent(text)
    if (event.type === 'records_archived') {
      const { throughId, hash } = event
      if (throughId === this.#unexplained?.id && hash === this.#unexplained.hash) this.#unexplained = undefined
    } else if (event.type === 'scope_forgotten') {
      const { throughId, unsaltedDigest } = event
      if ((this.#erasures.get(scope)?.lastId ?? 0) <= throughId) this.#erasures.delete(scope)
      this.#explainUnsalted(scope, unsaltedDigest)
    }
  }

  #explainUnsalted(scope: string, told: string | undefined): void {
    const unsalted = this.#unsalted.get(scope)
    if (unsalted === undefined || told === undefined) return
    const isWhole = this.#start === undefined && this.#from === undefined
    if (isWhole && unsalted.hash.copy().digest('hex') !== told) return
    this.#unsalted.delete(scope)
    if (!isWhole && unsalted.firstId !== undefined) this.#isUnsaltedUnproven = true
  }

  #blindSpots(): readonly string[] {
    const spots: string[] = []
    if (!this.#proven) {
      spots.push(
        'Whether the log as a whole was written anew, or its tail cut off by somebody who knew how: ' +
          'keep its head elsewhere, and give it as the head that is expected.',
      )
    }
    if (this.#start !== undefined) {
      const { id } = this.#start
      spots.push(`Records 1 to ${id} are not in the log any more: verify their archives.`, ...this.#expectedBefore(id))
    } else if (this.#from !== undefined) {
      const { id } = this.#from
      spots.push(`Records before ${id} were not read again.`, ...this.#expectedBefore(id))
    }
    if (this.#part && this.#unexplained !== undefined) spots.push('Why the log begins where it does.')
    const isErased =
      this.#erasures.size > 0 || [...this.#unsalted.values()].some(({ firstId }) => firstId !== undefined)
    if (this.#part && isErased) {
      spots.push('Whether it was to be erased, what was erased in it.')
    }
    if (this.#erased > 0) spots.push('What the erased records told.')
    if (this.#erasedUnsalted > 0) {
      spots.push(
        'When, where and of which scope the erased records were that an older version of the schema wrote: their digest is of all they told.',
      )
    }
    if (this.#isUnsaltedUnproven) {
      spots.push(
        'Whether it was to be erased, what was erased of records that an older version of the schema wrote: others that were erased with them were not read.',
      )
    }
    return spots
  }

  #expectedBefore(id: number): readonly string[] {
    return [this.#expectedHead, this.#from].flatMap((known) => {
      return known !== undefined && known.id < id
        ? [`The head of record ${known.id} is among them, and proves nothing.`]
        : []
    })
  }

  #break(id: number, problem: AuditBreak['problem'], message: string): void {
    this.#firstBreak ??= { id, problem, message }
  }
}

/** Of a scope, since it was last forgotten: what is erased, or would be. */
interface UnsaltedRecords {
  /** The first that is erased; absent: none. */
  readonly firstId: number | undefined
  readonly hash: Hash
}

interface Erasure {
  readonly firstId: number
  readonly lastId: number
}

/** Nothing is left of it beside when, where and of whom it was. */
function isBlank({ type, entryId, sessionId, text, salt, original }: AuditRow): boolean {
  const rest = [entryId, sessionId, salt, original].every((part) => part === undefined)
  return rest && type === 'erased' && text === ERASED_TEXT
}
