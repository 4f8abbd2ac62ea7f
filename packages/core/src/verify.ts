import type { AuditVerification, VerifyOptions } from './audit-verification.ts'
import { ChainCheck } from './chain-check.ts'
import { GENESIS_HASH } from './chain.ts'
import { nextTurn, untilAborted } from './deadline.ts'
import type { LogEnds } from './driver.ts'
import type { Engine } from './engine.ts'
import { StoreError } from './errors.ts'
import { LIMITS } from './limits.ts'

const NOTHING: LogEnds = {
  start: { id: 0, hash: GENESIS_HASH },
  head: { id: 0, hash: GENESIS_HASH },
  forgottenId: 0,
}

/** Follows the chain over the log, page by page, from its beginning or from a head that is known. */
export async function verifyLog(engine: Engine, options: VerifyOptions): Promise<AuditVerification> {
  const { signal, onProgress } = options
  const chain = new ChainCheck(options)
  const { log: ends, firstAuditId } = await engine.read({ log: true, firstAudit: true })
  if (ends !== undefined) chain.begin(ends.start, firstAuditId)
  for (;;) {
    const after = chain.head.id
    // The page and the ends of the log are of one instant. A read that nobody awaits any more is not begun.
    const page =
      signal?.aborted === true
        ? undefined
        : await untilAborted(
            engine.read({
              audits: { after, order: 'asc', limit: LIMITS.AUDIT_PAGE_LIMIT_MAX },
              untoldTimes: { after, count: LIMITS.AUDIT_PAGE_LIMIT_MAX },
              log: true,
            }),
            signal,
          )
    if (page === undefined || signal?.aborted === true) {
      const { id } = chain.head
      throw new StoreError(
        'ABORTED',
        `the verification was stopped behind record ${id}; go on from the head of its last progress`,
      )
    }
    const { audits, untoldId, log = NOTHING } = page
    // Meanwhile the log may have been cut behind what was read.
    chain.skipTo(log.start)
    for (const row of audits) {
      if (!chain.isSound(row)) return chain.result()
      if (row.id === untoldId) {
        chain.foundUntold(row)
        return chain.result()
      }
    }
    const last = audits.at(-1)
    if (last === undefined || audits.length < LIMITS.AUDIT_PAGE_LIMIT_MAX) {
      chain.end(log)
      return chain.result()
    }
    onProgress?.({ checked: chain.checked, total: chain.checked + log.head.id - last.id, head: chain.head })
    await nextTurn()
  }
}
