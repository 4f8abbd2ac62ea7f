import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type ManualClock, manualClock, type Session, startSession, type Store } from '@shepherd-store/core'
import { openSqliteStore } from '@shepherd-store/sqlite'
import { describe, expect, test } from 'vitest'
import {
  Acknowledged,
  CHECKPOINT_MS,
  correctionAcknowledged,
  recordAcknowledged,
} from '../examples/household/acknowledged.ts'
import { temporaryDirectories } from './directories.ts'
import { CUT_TAIL, WITHOUT_TRIGGERS } from './log-tampering.ts'

const directories = temporaryDirectories()

const USED_CHESS = 'used of chess on 2026-11-23'
const USED_GO = 'used of go on 2026-11-23'
const SESSION_CHESS = 'session of chess at 16:00'
const SESSION_GO = 'session of go at 16:05'
const EXTRA_GO = 'extra time of go on 2026-11-23'
const COOLDOWN_CHESS = 'cooldown of chess'

describe('of what was acknowledged, the example misses', () => {
  test.each([
    ['nothing that is there', '', []],
    ['a millisecond of usage', "update usage set duration_ms = duration_ms - 1 where entry_id = 'chess'", [USED_CHESS]],
    [
      'that it was counted once',
      `update usage set duration_ms = duration_ms + ${CHECKPOINT_MS} where entry_id = 'go'`,
      [USED_GO],
    ],
    [
      'the last checkpoint',
      `update usage set duration_ms = duration_ms - ${CHECKPOINT_MS} where entry_id = 'go';
       update sessions set duration_ms = duration_ms - ${CHECKPOINT_MS}, last_reported_at = '2026-11-23T16:05:30.000Z'
         where entry_id = 'go'`,
      [USED_GO, SESSION_GO],
    ],
    ['the session', "delete from sessions where entry_id = 'go'", [SESSION_GO]],
    ['that it was this session', "update sessions set session_id = 's-3' where session_id = 's-2'", [SESSION_GO]],
    ['that it is still open', "update sessions set ended_at = last_reported_at where entry_id = 'go'", [SESSION_GO]],
    ['its deadline', "update sessions set deadline = null where entry_id = 'go'", [SESSION_GO]],
    [
      'when the other one ended',
      "update sessions set ended_at = '2026-11-23T16:04:59.999Z' where entry_id = 'chess'",
      [SESSION_CHESS],
    ],
    ['the extra time', 'delete from grants', [EXTRA_GO]],
    ['the cooldown', 'delete from cooldowns', [COOLDOWN_CHESS]],
    [
      'a millisecond of the cooldown',
      "update cooldowns set until = replace(until, '.000Z', '.001Z')",
      [COOLDOWN_CHESS],
    ],
    ['the end of the log', CUT_TAIL, ['log']],
    [
      'a record as it was',
      `${WITHOUT_TRIGGERS} update audit_log set timestamp = replace(timestamp, '.000Z', '.001Z') where id = 2`,
      ['log'],
    ],
  ])('%s', async (_, sql, missed) => {
    const { path, clock, acknowledged } = await eveningOfTwoSessions()
    const database = new DatabaseSync(path)
    database.exec(sql)
    database.close()
    const store = await openSqliteStore(path, { clock })
    const compared = await acknowledged.compareWith(store)
    await store.close()
    expect(compared.filter(({ kept }) => !kept).map(({ what }) => what)).toEqual(missed)
    expect(compared.map(({ what }) => what)).toEqual([
      USED_CHESS,
      USED_GO,
      SESSION_CHESS,
      SESSION_GO,
      EXTRA_GO,
      COOLDOWN_CHESS,
      'log',
    ])
  })

  test.each([
    ['nothing when the word of one checkpoint was lost', 1, []],
    ['that there is no second one', 2, [SESSION_GO]],
  ])('%s', async (_, lostWords, missed) => {
    const evening = await eveningOfTwoSessions({ lostWords })
    const store = await openSqliteStore(evening.path, { clock: evening.clock })
    const compared = await evening.acknowledged.compareWith(store)
    await store.close()
    expect(compared.filter(({ kept }) => !kept).map(({ what }) => what)).toEqual(missed)
  })

  test('nothing when that checkpoint lies on two days', async () => {
    const { path, clock, acknowledged } = await eveningOfTwoSessions({ lostWords: 1, begin: '2026-11-23T23:53:45Z' })
    const store = await openSqliteStore(path, { clock })
    const compared = await acknowledged.compareWith(store)
    const days = await store.listUsage({ from: '2026-11-23', to: '2026-11-25', by: ['day', 'entry'] })
    await store.close()
    expect(days.filter(({ entryId }) => entryId === 'go').map(({ durationMs }) => durationMs)).toEqual([75_000, 15_000])
    expect(compared.filter(({ kept }) => !kept)).toEqual([])
  })
})

interface Evening {
  readonly path: string
  readonly clock: ManualClock
  readonly acknowledged: Acknowledged
}

interface EveningOptions {
  readonly begin?: string
  /** Checkpoints at the end of which nobody hears. */
  readonly lostWords?: number
}

/** Five minutes of chess are over, with a cooldown; go runs since then, by a parent's leave, with two checkpoints. */
async function eveningOfTwoSessions({
  begin = '2026-11-23T16:00:00Z',
  lostWords = 0,
}: EveningOptions = {}): Promise<Evening> {
  const path = join(directories.fresh(), 'store.db')
  const clock = manualClock(begin)
  const evening: Evening = { path, clock, acknowledged: new Acknowledged() }
  const { acknowledged } = evening
  const store = await openSqliteStore(path, { clock, calendar: { timeZone: 'UTC' } })

  const chess = await start(store, 's-1', 'chess')
  await play(chess, 300_000, evening)
  const ended = await chess.end({ reason: { type: 'user_stop' }, cooldownMs: 600_000 })
  const until = new Date(clock.now().getTime() + 600_000)
  acknowledged.add({ session: ended.session, cooldown: { entryId: 'chess', until } })

  const go = await start(store, 's-2', 'go')
  const grant = await store.grantTime('go', store.today(), 600_000, { by: 'dad', why: 'it rains' })
  acknowledged.add(correctionAcknowledged(grant))
  await play(go, CHECKPOINT_MS, evening)
  await play(go, CHECKPOINT_MS, evening)
  acknowledged.add(recordAcknowledged(await store.appendAudit({ type: 'policy_loaded', entryCount: 2 })))
  for (let lost = 1; lost <= lostWords; lost += 1) {
    clock.advance(CHECKPOINT_MS)
    await go.checkpoint()
  }
  await store.close()
  return evening
}

async function start(store: Store, sessionId: string, entryId: string): Promise<Session> {
  const deadline = new Date(store.clock.now().getTime() + 1_800_000)
  const started = await startSession(store, { sessionId, entryId, deadline })
  if (!started.applied) throw new Error(`${entryId} may not start`)
  return started.session
}

async function play(session: Session, forMs: number, { clock, acknowledged }: Evening): Promise<void> {
  clock.advance(forMs)
  const { session: record, day, usedMs } = await session.checkpoint()
  acknowledged.add({ session: record, usage: [{ entryId: record.entryId, day, usedMs }] })
}
