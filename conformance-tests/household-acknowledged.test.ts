import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type Change, type ManualClock, manualClock, type Store } from '@shepherd-store/core'
import { openSqliteStore } from '@shepherd-store/sqlite'
import { describe, expect, test } from 'vitest'
import { Acknowledged, acknowledgementOf, CHECKPOINT_MS } from '../examples/household/acknowledged.ts'
import { temporaryDirectories } from './directories.ts'
import { CUT_TAIL, WITHOUT_TRIGGERS } from './log-tampering.ts'

const directories = temporaryDirectories()

describe('of what was acknowledged, the example misses', () => {
  test.each([
    ['nothing that is there', '', []],
    [
      'a millisecond of usage',
      "update usage set duration_ms = duration_ms - 1 where entry_id = 'chess'",
      ['booked for chess on 2026-11-23'],
    ],
    [
      'that it was counted once',
      `update usage set duration_ms = duration_ms + ${CHECKPOINT_MS} where entry_id = 'go'`,
      ['booked for go on 2026-11-23'],
    ],
    [
      'the last checkpoint',
      `update usage set duration_ms = duration_ms - ${CHECKPOINT_MS} where entry_id = 'go';
       update snapshot set state = replace(state, '16:06:00', '16:05:30')`,
      ['booked for go on 2026-11-23', 'running session'],
    ],
    ['the session', 'delete from snapshot', ['running session']],
    ['that it was this session', "update snapshot set state = replace(state, 's-2', 's-3')", ['running session']],
    ['the cooldown', 'delete from cooldowns', ['cooldown of chess']],
    [
      'a millisecond of the cooldown',
      "update cooldowns set until = replace(until, '.000Z', '.001Z')",
      ['cooldown of chess'],
    ],
    ['the end of the log', CUT_TAIL, ['log']],
    [
      'a record as it was',
      `${WITHOUT_TRIGGERS} update audit_log set timestamp = replace(timestamp, '.000Z', '.001Z') where id = 2`,
      ['log'],
    ],
  ])('%s', async (_, sql, missed) => {
    const { path, clock, acknowledged } = await storeAfterTwoSessions()
    const database = new DatabaseSync(path)
    database.exec(sql)
    database.close()
    const store = await openSqliteStore(path, { clock })
    const compared = await acknowledged.compareWith(store)
    await store.close()
    expect(compared.filter(({ kept }) => !kept).map(({ what }) => what)).toEqual(missed)
    expect(compared.map(({ what }) => what)).toEqual([
      'booked for chess on 2026-11-23',
      'booked for go on 2026-11-23',
      'running session',
      'cooldown of chess',
      'log',
    ])
  })

  test.each([
    ['nothing when the word of one checkpoint was lost', 1, []],
    ['that there is no second one', 2, ['running session']],
  ])('%s', async (_, lostWords, missed) => {
    const { path, clock, acknowledged } = await storeAfterTwoSessions()
    const store = await openSqliteStore(path, { clock })
    for (let lost = 1; lost <= lostWords; lost += 1) {
      clock.advance(CHECKPOINT_MS)
      await store.commit(checkpointOf(store))
    }
    const compared = await acknowledged.compareWith(store)
    await store.close()
    expect(compared.filter(({ kept }) => !kept).map(({ what }) => what)).toEqual(missed)
  })
})

interface StoreAfterTwoSessions {
  readonly path: string
  readonly clock: ManualClock
  readonly acknowledged: Acknowledged
}

/** One session of chess is over, with its cooldown, and one of go runs since 16:05, with two checkpoints. */
async function storeAfterTwoSessions(): Promise<StoreAfterTwoSessions> {
  const path = join(directories.fresh(), 'store.db')
  const clock = manualClock('2026-11-23T16:00:00Z')
  const store = await openSqliteStore(path, { clock, calendar: { timeZone: 'UTC' } })
  const acknowledged = new Acknowledged()
  const commit = async (changes: readonly Change[]): Promise<void> =>
    acknowledged.add(acknowledgementOf(changes, await store.commit(changes)))

  await commit([{ type: 'append_audit', event: { type: 'session_started', sessionId: 's-1', entryId: 'chess' } }])
  clock.advance(300_000)
  await commit([
    { type: 'add_usage', entryId: 'chess', day: store.today(), durationMs: 300_000 },
    { type: 'extend_cooldown', entryId: 'chess', until: new Date('2026-11-23T16:15:00Z') },
    {
      type: 'append_audit',
      event: {
        type: 'session_ended',
        sessionId: 's-1',
        entryId: 'chess',
        reason: { type: 'user_stop' },
        durationMs: 300_000,
      },
    },
  ])
  await commit([{ type: 'append_audit', event: { type: 'session_started', sessionId: 's-2', entryId: 'go' } }])
  for (let checkpoint = 1; checkpoint <= 2; checkpoint += 1) {
    clock.advance(CHECKPOINT_MS)
    await commit(checkpointOf(store))
  }
  await store.close()
  return { path, clock, acknowledged }
}

function checkpointOf(store: Store): readonly Change[] {
  const session = { sessionId: 's-2', entryId: 'go', startedAt: new Date('2026-11-23T16:05:00Z'), warningsIssuedMs: [] }
  return [
    { type: 'add_usage', entryId: 'go', day: store.today(), durationMs: CHECKPOINT_MS },
    { type: 'save_snapshot', snapshot: { timestamp: store.clock.now(), activeSession: session } },
  ]
}
