import assert from 'node:assert/strict'
import {
  isStoreError,
  type ManualClock,
  type OwnedStore,
  recordDenial,
  startSession,
  type Store,
} from '@shepherd-store/core'
import type { Seeded } from '../session-processes/seeded.ts'

/** One who calls a store. */
export interface Caller {
  readonly store: Store
  /** How many operations it has made: what must differ is named by it. */
  made: number
  readonly choices: Seeded
  readonly clock: ManualClock
  /** A signal that is given to many calls and never aborted. */
  readonly signal: AbortSignal
  /** Opens another store at the same place; undefined for those who never do. */
  readonly open: (() => Promise<OwnedStore>) | undefined
}

type Operation = (caller: Caller) => Promise<unknown>

const ENTRIES = ['minecraft', 'tuxmath', 'supertux', 'gcompris'] as const
const CORRECTION = { by: 'Ada', why: 'Homework is done.' }
const SESSION_MS = 3_000

/** Every kind of call, with how often it is made beside the others. */
const OPERATIONS: Readonly<Record<string, { readonly weight: number; readonly run: Operation }>> = {
  append: { weight: 150, run: ({ store }) => store.appendAudit({ type: 'policy_loaded', entryCount: 7 }) },
  appendOnce: { weight: 50, run: appendTwiceOnce },
  increment: { weight: 200, run: (caller) => caller.store.addUsage(entryOf(caller), caller.store.today(), 7) },
  usage: { weight: 150, run: (caller) => caller.store.getUsage(entryOf(caller), caller.store.today()) },
  dayState: { weight: 60, run: ({ store }) => store.getDayState(store.today()) },
  newest: { weight: 60, run: ({ store }) => store.getRecentAudits(20) },
  page: { weight: 30, run: (caller) => caller.store.listAudits({ limit: 10, entryId: entryOf(caller) }) },
  reports: {
    weight: 20,
    run: ({ store }) => Promise.all([store.listSessions({ limit: 5 }), store.listNodes(), store.auditHead()]),
  },
  session: { weight: 40, run: playSession },
  cooldown: { weight: 40, run: restAndGoOn },
  snapshot: { weight: 40, run: saveAndLoad },
  corrections: { weight: 20, run: correct },
  refused: { weight: 60, run: beRefused },
  failed: { weight: 60, run: fail },
  follow: { weight: 10, run: followAndLeave },
  export: { weight: 10, run: exportAndLeave },
  health: { weight: 10, run: async ({ store }) => assert.equal(await store.isHealthy(), true) },
  reopen: { weight: 30, run: openAndClose },
}

const WEIGHTS = Object.values(OPERATIONS).reduce((sum, { weight }) => sum + weight, 0)

/** Makes one of them, and returns its name. */
export async function makeOperation(caller: Caller): Promise<string> {
  let at = caller.choices.integer(1, WEIGHTS)
  for (const [name, { weight, run }] of Object.entries(OPERATIONS)) {
    at -= weight
    if (at > 0) continue
    caller.made += 1
    caller.clock.advance(250)
    await run(caller)
    return name
  }
  throw new Error('the weights do not come to their sum')
}

function entryOf({ choices }: Caller): string {
  return ENTRIES[choices.integer(0, ENTRIES.length - 1)] ?? ENTRIES[0]
}

async function appendTwiceOnce({ store, made }: Caller): Promise<void> {
  const append = () => store.appendAudit({ type: 'service_started' }, { operationId: `${store.node} ${made}` })
  const [first, second] = [await append(), await append()]
  assert.equal(second.id, first.id)
}

async function playSession(caller: Caller): Promise<void> {
  const { store, clock } = caller
  const entryId = entryOf(caller)
  const started = await startSession(store, { entryId, deadline: new Date(clock.now().getTime() + 600_000) })
  assert.ok(started.applied)
  clock.advance(SESSION_MS)
  await started.session.checkpoint()
  await started.session.warn(60_000)
  await started.session.extend(1_000)
  await started.session.end({ reason: { type: 'user_stop' } })
}

async function restAndGoOn(caller: Caller): Promise<void> {
  const entryId = `${entryOf(caller)} of ${caller.store.node}`
  await caller.store.setCooldownUntil(entryId, new Date(caller.clock.now().getTime() + 60_000))
  assert.notEqual(await caller.store.getCooldownUntil(entryId), undefined)
  await caller.store.clearCooldown(entryId)
}

async function saveAndLoad({ store, clock }: Caller): Promise<void> {
  await store.saveSnapshot({ timestamp: clock.now() })
  assert.notEqual(await store.loadSnapshot(), undefined)
}

async function correct(caller: Caller): Promise<void> {
  const { store } = caller
  await store.adjustUsage(entryOf(caller), store.today(), -1, CORRECTION)
  await store.grantTime(entryOf(caller), store.today(), 1, CORRECTION)
}

async function beRefused(caller: Caller): Promise<void> {
  const { store } = caller
  const entryId = entryOf(caller)
  const limit = { type: 'usage_below', entryId, day: store.today(), limitMs: 0 } as const
  const result = await store.commit([{ type: 'append_audit', event: { type: 'service_stopped' } }], {
    if: [limit, { type: 'no_open_session' }],
  })
  // Extra time raises every limit, this one too.
  if (!result.applied && caller.made % 10 === 0) await recordDenial(store, { entryId, failed: result.failed })
}

async function fail(caller: Caller): Promise<void> {
  const { store, made } = caller
  const operationId = `${store.node} failed ${made}`
  if (made % 2 === 0) {
    await store.addUsage(entryOf(caller), store.today(), 1, { operationId })
    await mustFail(store.addUsage(entryOf(caller), store.today(), 2, { operationId }), 'OPERATION_MISMATCH')
  } else {
    await mustFail(store.addUsage(entryOf(caller), store.today(), -1), 'INVALID_ARGUMENT')
    await mustFail(store.listAudits({ limit: 0 }), 'INVALID_ARGUMENT')
  }
}

async function mustFail(
  call: Promise<unknown>,
  code: 'INVALID_ARGUMENT' | 'OPERATION_MISMATCH' | 'CLOSED',
): Promise<void> {
  await assert.rejects(call, (error) => isStoreError(error, code))
}

/** One follower leaves by itself, the other while it waits, because it is told to. */
async function followAndLeave({ store, signal }: Caller): Promise<void> {
  const { id } = await store.appendAudit({ type: 'service_started' })
  for await (const record of store.readAudits({ after: id - 1, follow: true, signal })) {
    assert.equal(record.id, id)
    break
  }
  const stop = new AbortController()
  const follower = store.readAudits({ after: id, follow: true, signal: stop.signal })[Symbol.asyncIterator]()
  const next = follower.next()
  stop.abort()
  await next
  await follower.return?.()
}

async function exportAndLeave({ store, signal }: Caller): Promise<void> {
  for await (const line of store.exportAudits({ format: 'jsonl', signal })) {
    assert.notEqual(line, '')
    break
  }
}

async function openAndClose(caller: Caller): Promise<void> {
  const store = await caller.open?.()
  if (store === undefined) return
  await store.addUsage(entryOf(caller), store.today(), 1)
  assert.ok((await store.getRecentAudits(1)).length <= 1)
  await store.close()
  await mustFail(store.getRecentAudits(1), 'CLOSED')
}
