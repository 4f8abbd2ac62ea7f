import type { AuditVerification } from '../../audit-verification.ts'
import type { AuditHead, AuditRecord } from '../../audit.ts'
import type { Applied, Refused } from '../../change.ts'
import type { CheckReport } from '../../check-report.ts'
import type { DayState } from '../../day-state.ts'
import type { HealthReport } from '../../health.ts'
import type { NodeRecord } from '../../session.ts'
import type { NodeId } from '../../values.ts'
import type { ModelMethod } from '../model.ts'
import type { ModelRecord } from '../model/state.ts'

/** Brings what a store answered into the model's form: the type says that no method is forgotten. */
export function comparable(method: ModelMethod, answer: unknown, hashes: HashLedger): unknown {
  const form = FORMS[method] as (answer: unknown, hashes: HashLedger) => unknown
  return form(answer, hashes)
}

const asItIs = (answer: unknown): unknown => answer
const records = (answer: readonly AuditRecord[], hashes: HashLedger): readonly ModelRecord[] =>
  answer.map((record) => hashes.take(record))

const commitResult = (result: Applied | Refused, hashes: HashLedger): unknown =>
  result.applied ? { ...result, audits: records(result.audits, hashes) } : result
/** When a node was heard of is told by the clock of the database, where that has one. */
const nodeNames = (nodes: readonly NodeRecord[]): readonly NodeId[] => nodes.map(({ node }) => node)

const FORMS: Readonly<Record<ModelMethod, (answer: never, hashes: HashLedger) => unknown>> = {
  today: asItIs,
  appendAudit: (record: AuditRecord, hashes) => hashes.take(record),
  getRecentAudits: records,
  getUsage: asItIs,
  addUsage: asItIs,
  getCooldownUntil: asItIs,
  setCooldownUntil: asItIs,
  clearCooldown: asItIs,
  adjustUsage: commitResult,
  grantTime: commitResult,
  loadSnapshot: asItIs,
  saveSnapshot: asItIs,
  isHealthy: asItIs,
  health: ({ database: _, clockSkewMs: __, ...report }: HealthReport) => report,
  commit: commitResult,
  getDayState: (state: DayState) => ({ day: state.day, entries: [...state] }),
  listUsage: asItIs,
  listSessions: asItIs,
  listNodes: nodeNames,
  listAudits: records,
  readAudits: records,
  auditHead: (head: AuditHead | undefined) => head?.id,
  check: ({ sound, checkedAt, problemCount }: CheckReport) => ({ sound, checkedAt, problemCount }),
  verifyAudits: ({ head, firstBreak, blindSpots: _, ...verification }: AuditVerification) => ({
    ...verification,
    headId: head?.id,
    firstBreak: firstBreak && { id: firstBreak.id, problem: firstBreak.problem },
  }),
}

/** The model knows no hashes. What can be said of them: they have their form, and a record's hash stays what it was. */
export class HashLedger {
  readonly #hashes = new Map<number, string>()

  /** The record without its hash. @throws Error when that cannot be right. */
  take({ hash, ...record }: AuditRecord): ModelRecord {
    const earlier = this.#hashes.get(record.id) ?? hash
    if (!/^[0-9a-f]{64}$/.test(hash) || hash !== earlier) {
      throw new Error(
        `record ${record.id} has the hash ${JSON.stringify(hash)}; before, it was ${JSON.stringify(earlier)}`,
      )
    }
    this.#hashes.set(record.id, hash)
    return record
  }
}
