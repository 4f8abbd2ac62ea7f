import type { Store } from '../store.ts'

type MethodName = {
  [K in keyof Store]: Store[K] extends (...args: never[]) => unknown ? K : never
}[keyof Store]
type Call = (store: Store) => Promise<unknown>

/** A call of every method that reads. */
export const READS = {
  getRecentAudits: (store) => store.getRecentAudits(10),
  getUsage: (store) => store.getUsage('minecraft', '2026-11-23'),
  getCooldownUntil: (store) => store.getCooldownUntil('minecraft'),
  loadSnapshot: (store) => store.loadSnapshot(),
  getDayState: (store) => store.getDayState('2026-11-23'),
  listSessions: (store) => store.listSessions(),
  listNodes: (store) => store.listNodes(),
  listUsage: (store) => store.listUsage({ from: '2026-11-23', to: '2026-11-24' }),
  listAudits: (store) => store.listAudits(),
  readAudits: (store) => store.readAudits()[Symbol.asyncIterator]().next(),
  auditHead: (store) => store.auditHead(),
  verifyAudits: (store) => store.verifyAudits(),
  exportAudits: (store) => store.exportAudits({ format: 'jsonl' })[Symbol.asyncIterator]().next(),
} satisfies Partial<Record<MethodName, Call>>

const CORRECTION = { by: 'Ada', why: 'Homework is done.' }

/** A call of every method that is made of several steps. */
export const LOG_WORK = {
  check: (store) => store.check(),
  importAudits: (store) => store.importAudits(nothing()),
  applyRetention: (store) => store.applyRetention({ keepDays: 30, dryRun: true }),
  forgetScope: (store) => store.forgetScope('nobody', CORRECTION),
} satisfies Partial<Record<MethodName, Call>>

async function* nothing(): AsyncIterable<string> {}

/** A call of every method that writes. Whatever is added to `Store` must be added to one of the three. */
export const WRITES = {
  appendAudit: (store) => store.appendAudit({ type: 'service_started' }),
  addUsage: (store) => store.addUsage('minecraft', '2026-11-23', 1_000),
  setCooldownUntil: (store) => store.setCooldownUntil('minecraft', new Date('2026-11-23T12:00:00.000Z')),
  clearCooldown: (store) => store.clearCooldown('minecraft'),
  adjustUsage: (store) => store.adjustUsage('tuxmath', '2026-11-23', 1_000, CORRECTION),
  grantTime: (store) => store.grantTime('tuxmath', '2026-11-23', 1_000, CORRECTION),
  saveSnapshot: (store) => store.saveSnapshot({ timestamp: new Date('2026-11-23T10:00:00.000Z') }),
  commit: (store) => store.commit([{ type: 'append_audit', event: { type: 'service_stopped' } }]),
} satisfies Record<
  Exclude<MethodName, keyof typeof READS | keyof typeof LOG_WORK | 'today' | 'view' | 'health' | 'isHealthy'>,
  Call
>
