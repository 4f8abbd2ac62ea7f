import assert from 'node:assert/strict'
import {
  type AuditHead,
  type AuditRecord,
  isStoreError,
  type ManualClock,
  manualClock,
  type Store,
} from '@shepherd-store/core'
import { openPostgresStore } from '@shepherd-store/postgres'
import { afterAll, onTestFinished, test } from 'vitest'
import { startProxy } from '../postgres/tcp-proxy.ts'
import { seed } from '../seed.ts'
import { seeded } from '../session-processes/seeded.ts'
import { Cluster } from './cluster.ts'
import { judge } from './judge.ts'
import { Load } from './load.ts'
import { Tally } from './tally.ts'
import { DAY, WORK_AT } from './work.ts'

const FAILOVERS = Number(process.env['SHEPHERD_TEST_FAILOVERS'] ?? 1)
const STORES = 3
const WRITERS_PER_STORE = 2
/** More than there can be failures while one step is tried. */
const RETRIES = 20
/** Most steps that are acknowledged between two failovers. */
const STEPS_MAX = 30
const TEST_TIMEOUT_MS = 120_000 + FAILOVERS * 20_000

/** A commit is acknowledged when a standby has it on its disk too: without a standby none is. */
const SYNCHRONOUS = ['synchronous_standby_names=*']

const cluster = await Cluster.make()
afterAll(() => cluster.stop())

test(
  `loses and doubles nothing when the primary is lost and its synchronous standby promoted, ${FAILOVERS} times`,
  { timeout: TEST_TIMEOUT_MS },
  async () => {
    const choices = seeded(seed)
    let primary = await cluster.addPrimary(SYNCHRONOUS)
    let standby = await cluster.addStandby(primary, SYNCHRONOUS)
    const proxy = await startProxy({ path: primary.socket })
    onTestFinished(() => proxy.close())
    const clock = manualClock(WORK_AT)
    const url = proxy.url(primary.url)
    const stores = await Promise.all(
      Array.from({ length: STORES }, (_, index) => openPostgresStore(url, { node: `hub-${index}`, clock })),
    )
    const load = new Load(stores, { clock, writersPerStore: WRITERS_PER_STORE, retries: RETRIES })
    const tally = new Tally()
    for (; tally.tries < FAILOVERS; tally.tries += 1) {
      await load.progress(choices.integer(1, STEPS_MAX))
      await primary.crash()
      await standby.promote()
      // Nobody who finds the new primary may still find the old one.
      await primary.remove()
      proxy.leadTo({ path: standby.socket })
      tally.faults += 1
      primary = standby
      standby = await cluster.addStandby(primary, SYNCHRONOUS)
    }
    await load.progress(1)
    await load.stop()
    const [witness] = stores
    assert.ok(witness !== undefined)
    tally.add(await judge(witness, load.journal), 'after the last failover')
    await Promise.all(stores.map((store) => store.close()))
    tally.print('PostgreSQL, failovers to a synchronous standby')
    const { lost, doubled, untrue, problems } = tally
    assert.deepEqual({ lost, doubled, untrue, problems }, { lost: 0, doubled: 0, untrue: 0, problems: [] })
    assert.ok(tally.faults === FAILOVERS && tally.acknowledged > FAILOVERS)
  },
)

test(
  'loses the end of the log alone with an asynchronous standby, and tells it',
  { timeout: TEST_TIMEOUT_MS },
  async () => {
    const primary = await cluster.addPrimary()
    const standby = await cluster.addStandby(primary)
    const proxy = await startProxy({ path: primary.socket })
    const clock = manualClock(WORK_AT)
    const store = await openPostgresStore(proxy.url(primary.url), { node: 'hub', clock })
    onTestFinished(async () => {
      await store.close()
      await proxy.close()
    })
    const kept = await someWork(store, { clock, name: 'kept' })
    await add(store, 'kept')
    const keptHead = await headOf(store)
    await standby.cutOffFrom(primary)
    const gone = await someWork(store, { clock, name: 'gone' })
    await add(store, 'gone')
    const goneHead = await headOf(store)
    const records = await everyRecord(store)
    const following = follow(store, goneHead.id)
    await following.isThere

    await primary.crash()
    await standby.promote()
    proxy.leadTo({ path: standby.socket })

    await assert.rejects(following.isOver, (error) => isStoreError(error, 'MALFORMED'))
    assert.deepEqual(await everyRecord(store), records.slice(0, keptHead.id))
    const tally = new Tally()
    tally.tries = tally.faults = 1
    tally.add(await judge(store, kept), 'in what is left')
    const acknowledged = [...gone].filter(({ state }) => state === 'acknowledged').length
    tally.print(
      `PostgreSQL, failover to an asynchronous standby: beside ${acknowledged} acknowledged that it never had`,
    )
    const { lost, doubled, untrue, problems } = tally
    assert.deepEqual({ lost, doubled, untrue, problems }, { lost: 0, doubled: 0, untrue: 0, problems: [] })
    assert.ok(tally.acknowledged > 0 && acknowledged > 0 && goneHead.id > keptHead.id)

    const repetitions = [await add(store, 'kept'), await add(store, 'gone'), await add(store, 'gone')]
    assert.deepEqual(
      repetitions.map(({ repeated }) => repeated),
      [true, false, true],
    )
    assert.deepEqual([await store.getUsage('kept', DAY), await store.getUsage('gone', DAY)], [1, 1])
    assert.equal((await store.verifyAudits({ expectedHead: keptHead })).intact, true)
    const expectedHead = goneHead
    const shorter = await store.verifyAudits({ expectedHead })
    assert.deepEqual([shorter.intact, shorter.firstBreak?.id], [false, (await headOf(store)).id + 1])
    while ((await headOf(store)).id <= goneHead.id) await store.appendAudit({ type: 'service_started' })
    const longer = await store.verifyAudits({ expectedHead })
    assert.deepEqual([longer.intact, longer.firstBreak?.id], [false, goneHead.id])
  },
)

async function someWork(store: Store, options: { readonly clock: ManualClock; readonly name: string }) {
  const load = new Load([store], { ...options, writersPerStore: WRITERS_PER_STORE, retries: 0 })
  await load.progress(STEPS_MAX)
  await load.stop()
  return load.journal
}

/** Adds a millisecond to the entry, as the operation of the same name. */
function add(store: Store, entryId: string) {
  return store.commit(
    [
      { type: 'add_usage', entryId, day: DAY, durationMs: 1 },
      { type: 'append_audit', event: { type: 'service_started' } },
    ],
    { operationId: entryId },
  )
}

async function everyRecord(store: Store): Promise<readonly AuditRecord[]> {
  const records: AuditRecord[] = []
  for await (const record of store.readAudits({ scope: 'all' })) records.push(record)
  return records
}

async function headOf(store: Store): Promise<AuditHead> {
  const head = await store.auditHead()
  assert.ok(head !== undefined)
  return head
}

/** Reads on for ever; `isThere` resolves when it has read up to `id`. */
function follow(store: Store, id: number): { readonly isThere: Promise<undefined>; readonly isOver: Promise<void> } {
  const { promise: isThere, resolve, reject } = Promise.withResolvers<undefined>()
  const read = async () => {
    for await (const record of store.readAudits({ follow: true, scope: 'all' }))
      if (record.id === id) resolve(undefined)
  }
  const isOver = read()
  isOver.catch(reject)
  return { isThere, isOver }
}
