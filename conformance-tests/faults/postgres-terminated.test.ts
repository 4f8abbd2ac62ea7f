import assert from 'node:assert/strict'
import { manualClock, type OwnedStore } from '@shepherd-store/core'
import { openPostgresStore } from '@shepherd-store/postgres'
import { afterAll, test } from 'vitest'
import { withClient } from '../postgres/database.ts'
import { seed } from '../seed.ts'
import { seeded } from '../session-processes/seeded.ts'
import { Cluster, type ClusterNode } from './cluster.ts'
import { judge } from './judge.ts'
import { Load } from './load.ts'
import { Tally } from './tally.ts'
import { WORK_AT } from './work.ts'

const TERMINATIONS = Number(process.env['SHEPHERD_TEST_TERMINATIONS'] ?? 30)
const RESTARTS = Number(process.env['SHEPHERD_TEST_RESTARTS'] ?? 2)
const STORES = 8
const WRITERS_PER_STORE = 2
/** More than there can be restarts while one step is tried. */
const RETRIES = 20
/** Most steps that are acknowledged between two faults. */
const STEPS_MAX = 8
const TEST_TIMEOUT_MS = 120_000 + TERMINATIONS * 300 + RESTARTS * 10_000

const cluster = await Cluster.make()
afterAll(() => cluster.stop())

test(
  `loses and doubles nothing while ${TERMINATIONS} connections are terminated and the server is restarted at once ${RESTARTS} times`,
  { timeout: TEST_TIMEOUT_MS },
  async () => {
    const server = await cluster.addPrimary()
    const clock = manualClock(WORK_AT)
    const stores = await Promise.all(
      Array.from({ length: STORES }, (_, index) => openPostgresStore(server.url, { node: `hub-${index}`, clock })),
    )
    const load = new Load(stores, { clock, writersPerStore: WRITERS_PER_STORE, retries: RETRIES })
    const { terminated, atWork, restarted } = await disturb(server, load)
    await load.stop()
    await close(stores)

    const tally = new Tally()
    tally.tries = restarted
    tally.faults = terminated
    const witness = await openPostgresStore(server.url, { node: 'witness', clock })
    tally.add(await judge(witness, load.journal), 'after the last restart')
    await witness.close()
    tally.print(`PostgreSQL restarts (tries), connections terminated (faults), ${atWork} of them at work`)
    const { lost, doubled, untrue, problems } = tally
    assert.deepEqual({ lost, doubled, untrue, problems }, { lost: 0, doubled: 0, untrue: 0, problems: [] })
    assert.ok(tally.faults >= TERMINATIONS && tally.tries === RESTARTS)
    assert.ok(atWork > 0 && tally.acknowledged > 0, 'the faults met nobody at work')
  },
)

/** Deals the faults, each after some steps that were acknowledged: the others' are then at any point. */
async function disturb(server: ClusterNode, load: Load): Promise<Disturbances> {
  const choices = seeded(seed)
  let [terminated, atWork, restarted] = [0, 0, 0]
  for (let restart = 0; restart <= RESTARTS; restart += 1) {
    const due = (TERMINATIONS * (restart + 1)) / (RESTARTS + 1)
    await withClient(server.url, async (client) => {
      while (terminated < due) {
        await load.progress(choices.integer(1, STEPS_MAX))
        const { rows } = await client.query<{ state: string }>(
          `select state, pg_terminate_backend(pid) from pg_stat_activity where application_name = 'shepherd-store'`,
        )
        terminated += rows.length
        atWork += rows.filter(({ state }) => state !== 'idle').length
      }
    })
    if (restart === RESTARTS) break
    await load.progress(choices.integer(1, STEPS_MAX))
    await server.crash()
    await server.start()
    restarted += 1
  }
  await load.progress(1)
  return { terminated, atWork, restarted }
}

interface Disturbances {
  readonly terminated: number
  /** Of the terminated, those that were in a transaction. */
  readonly atWork: number
  readonly restarted: number
}

async function close(stores: readonly OwnedStore[]): Promise<void> {
  await Promise.all(stores.map((store) => store.close()))
}
