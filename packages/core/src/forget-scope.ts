import { createHash } from 'node:crypto'
import type { Authorship } from './audit-content.ts'
import { checkCallback, checkSignal } from './audit-requests.ts'
import type { Correction } from './audit.ts'
import { contentDigest, recordDigest, unsaltedLine } from './chain.ts'
import { checkReason } from './codec.ts'
import type { AuditRow } from './effects.ts'
import type { Engine } from './engine.ts'
import { StoreError } from './errors.ts'
import { isToBeErased } from './forgotten.ts'
import { LIMITS } from './limits.ts'
import { checkSignalOf, logEnds, rowsOf, writeLogChanges } from './log-work.ts'
import { removeCut } from './retention.ts'
import type { StopSignal } from './stop-signal.ts'
import { checkBoolean, checkFields, checkId, describe } from './values.ts'
import type { Scope } from './values.ts'

export interface ForgetOptions extends Correction {
  /** Refuses a scope of which nothing is kept: its name may be misspelt. Default false. */
  readonly mustBeKnown?: boolean | undefined
  /** Stops it: it rejects with `ABORTED`. The same call goes on with what is left. */
  readonly signal?: StopSignal | undefined
  readonly onProgress?: ((progress: ForgetProgress) => void) | undefined
}

export interface ForgetProgress {
  /** How many records of the scope were erased. */
  readonly erased: number
  /** How far the log was gone through, and how far it is to be. */
  readonly id: number
  readonly throughId: number
}

export interface ForgetResult {
  /** How many records of the log were erased. */
  readonly erased: number
  /** The last record of the log that they were looked for in. */
  readonly throughId: number
  /** Records up to this one went into archives before: what they tell of the scope is still there. Absent when none did. */
  readonly archivedThroughId?: number
}

/** @throws StoreError `INVALID_ARGUMENT` */
export function checkForget(options: ForgetOptions): ForgetOptions {
  const known = ['by', 'why', 'mustBeKnown', 'signal', 'onProgress'] as const
  const { by, why, mustBeKnown = false, signal, onProgress } = checkFields(options, known, 'options')
  return {
    by: checkId(by, 'by'),
    why: checkReason(why, 'why'),
    mustBeKnown: checkBoolean(mustBeKnown, 'mustBeKnown'),
    signal: checkSignal(signal),
    onProgress: checkCallback(onProgress, 'onProgress'),
  }
}

/** Removes all that is kept of the scope at once, and then erases what the log tells of it, step by step. */
export async function forgetScope(
  engine: Engine,
  { timestamp, scope, node }: Authorship,
  { by, why, mustBeKnown, signal, onProgress }: ForgetOptions,
): Promise<ForgetResult> {
  if (mustBeKnown === true && (await engine.read({ scopeKnown: scope })).isScopeKnown === false) {
    throw new StoreError('NOT_FOUND', `nothing is recorded of scope ${describe(scope)}; look at the name`)
  }
  await removeCut(engine, signal)
  const unsalted = await unsaltedOf(engine, scope, signal)
  const [record] = await writeLogChanges(engine, [
    {
      table: 'forget',
      scope,
      ...(unsalted.lastId === 0 ? {} : { unsaltedDigest: unsalted.digest }),
      correction: { at: timestamp, node, by, why },
    },
  ])
  const throughId = (record?.id ?? 1) - 1
  let erased = 0
  let isLeft = false
  let batch: AuditRow[] = []
  const eraseBatch = async () => {
    const last = batch.at(-1)
    if (last === undefined) return
    checkSignalOf(signal, last.id)
    await writeLogChanges(
      engine,
      batch.map(({ id, ...content }) => ({ table: 'erasure', id, contentDigest: digestOf(content) })),
    )
    erased += batch.length
    batch = []
    onProgress?.({ erased, id: last.id, throughId })
  }
  for await (const row of rowsOf(engine, { scope, before: throughId + 1 }, { signal, gaps: 'passed_over' })) {
    if (!isToBeErased(row)) continue
    // Appended meanwhile by a process of an older version: the log does not tell of it yet.
    if (row.salt === undefined && row.id > unsalted.lastId) isLeft = true
    else batch.push(row)
    if (batch.length === LIMITS.LOG_BATCH_RECORDS) await eraseBatch()
  }
  await eraseBatch()
  if (isLeft) {
    const rest = await forgetScope(engine, { timestamp, scope, node }, { by, why, signal, onProgress })
    return { ...rest, erased: erased + rest.erased }
  }
  // What was cut off meanwhile by a call that did not come to its end, nobody has read, nor erased.
  await removeCut(engine, signal)
  const { start } = await logEnds(engine)
  return { erased, throughId, ...(start.id === 0 ? {} : { archivedThroughId: start.id }) }
}

/** A record without a salt proves nothing once it is erased: the log tells beforehand which they are. */
async function unsaltedOf(
  engine: Engine,
  scope: Scope,
  signal: StopSignal | undefined,
): Promise<{ readonly lastId: number; readonly digest: string }> {
  const hash = createHash('sha256')
  let lastId = 0
  for await (const row of rowsOf(engine, { scope }, { signal, gaps: 'passed_over' })) {
    if (!isToBeErased(row) || row.salt !== undefined) continue
    hash.update(unsaltedLine(row))
    lastId = row.id
  }
  return { lastId, digest: hash.digest('hex') }
}

/** Of a record that is not as it was written it stays evident that it was not. Of one of the first form, all is in one digest. */
function digestOf(row: Omit<AuditRow, 'id'>): string {
  return row.salt === undefined ? recordDigest(row) : contentDigest(row)
}
