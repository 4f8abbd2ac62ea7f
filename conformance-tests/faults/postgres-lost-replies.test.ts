import assert from 'node:assert/strict'
import { type Change, type CommitOptions, manualClock, type OwnedStore } from '@shepherd-store/core'
import { openPostgresStore } from '@shepherd-store/postgres'
import { inject, onTestFinished, test } from 'vitest'
import { createDatabase } from '../postgres/database.ts'
import { startProxy } from '../postgres/tcp-proxy.ts'
import { withMethods } from '../saboteurs/saboteur.ts'
import { Journal } from './journal.ts'
import { judge } from './judge.ts'
import { Tally } from './tally.ts'
import { changesOf, work, WORK_AT } from './work.ts'

const LOST_REPLIES = Number(process.env['SHEPHERD_TEST_LOST_REPLIES'] ?? 40)
/** Each on a network of its own, which loses one reply after the other. */
const WRITERS = 4
const STEPS = Math.ceil(LOST_REPLIES / WRITERS)
const TEST_TIMEOUT_MS = 120_000 + LOST_REPLIES * 300

test(
  `counts each commit once, and acknowledges it, when the reply to COMMIT is lost, ${LOST_REPLIES} times`,
  { timeout: TEST_TIMEOUT_MS },
  async () => {
    const { url, drop } = await createDatabase(inject('postgresUrl'))
    onTestFinished(drop)
    await (await openPostgresStore(url, { node: 'hub' })).close()
    const journal = new Journal()
    const tally = new Tally()
    const lost = await Promise.all(
      Array.from({ length: WRITERS }, (_, index) => loseReplies(url, `writer-${index}`, journal)),
    )
    tally.tries = STEPS * WRITERS
    tally.faults = lost.reduce((sum, count) => sum + count, 0)
    const witness = await openPostgresStore(url, { node: 'witness' })
    tally.add(await judge(witness, journal), 'in the end')
    await witness.close()
    tally.print('PostgreSQL, replies to COMMIT that were lost')
    const { lost: missing, doubled, untrue, problems } = tally
    assert.deepEqual({ missing, doubled, untrue, problems }, { missing: 0, doubled: 0, untrue: 0, problems: [] })
    // The store settles by itself what became of them: nobody has to try again.
    assert.deepEqual([tally.faults >= LOST_REPLIES, tally.acknowledged, tally.inDoubt], [true, tally.tries, 0])
  },
)

/** Works while the reply to every COMMIT is lost but to the one behind a loss; resolves with how many were. */
async function loseReplies(url: string, writer: string, journal: Journal): Promise<number> {
  const { hostname, port } = new URL(url)
  const proxy = await startProxy({ host: hostname, port: Number(port || 5432) })
  const clock = manualClock(WORK_AT)
  const store = await openPostgresStore(proxy.url(url), { node: writer, clock })
  let count = 0
  const losing = (async () => {
    for (;;) {
      await proxy.loseNextReply('COMMIT')
      count += 1
      // Behind it the store asks what became of the write, which is a commit, too.
      await proxy.hearNextReply('COMMIT')
    }
  })()
  await work(answersAsIfHeard(store, writer), {
    ...{ writer, from: 0, steps: STEPS, retries: 0, clock },
    tell: (told, number) => journal.note(writer, number, told),
  })
  await store.close()
  await proxy.close()
  await losing.catch(() => undefined)
  return count
}

/** Looks at what commits are answered with: all that was done, and that it was done the first time. */
function answersAsIfHeard(store: OwnedStore, writer: string): OwnedStore {
  const commit = async (changes: readonly Change[], options?: CommitOptions) => {
    const result = await store.commit(changes, options)
    const [change] = changes
    if (change?.type !== 'append_audit' || change.event.type !== 'other') return result
    const { number } = change.event.data as { readonly number: number }
    assert.deepEqual(changes, changesOf(writer, number))
    assert.ok(result.applied && !result.repeated)
    assert.deepEqual(
      result.audits.map(({ event }) => event),
      [change.event],
    )
    return result
  }
  return withMethods(store, { commit: commit as OwnedStore['commit'] })
}
