import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Change, contentDigest, type Store } from '@shepherd-store/core'
import { openSqliteStore } from '@shepherd-store/sqlite'
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { temporaryDirectories } from './directories.ts'
import { WITHOUT_TRIGGERS } from './log-tampering.ts'

const DAY = '2026-11-23'
const NOON = new Date('2026-11-23T12:00:00.000Z')
const DECISION = { by: 'Ada', why: 'She moved away.' }
const { fresh } = temporaryDirectories()

/** Words that occur nowhere else, each in another place of a child's content. */
function wordsOf(child: string) {
  const word = (what: string) => `${child}-${what}-Zweig`
  return {
    entry: word('entry'),
    otherEntry: word('other-entry'),
    label: word('label'),
    session: word('session'),
    run: word('run'),
    reason: word('reason'),
    why: word('why'),
    person: word('person'),
    operation: word('operation'),
    snapshot: word('snapshot'),
    event: word('event'),
    name: word('name'),
    original: word('original'),
    originalTime: word('original-time'),
  }
}

/** Everything that can be kept of a child, twice over, with rows that are replaced and such that take pages of their own. */
async function play(store: Store, words: ReturnType<typeof wordsOf>): Promise<void> {
  const { entry, otherEntry, label, session, run, reason, why, person, operation, snapshot } = words
  for (let round = 0; round < 40; round += 1) {
    const sessionId = `${session}-${round}`
    const of = { sessionId, entryId: entry, run: `${run}-${round}` }
    await store.commit([{ type: 'start_session', ...of, label }], {
      if: [{ type: 'no_open_session' }],
      operationId: `${operation}-${round}`,
    })
    await store.commit([{ type: 'report_session', ...of, report: 1, played: [{ day: DAY, playedMs: 5 }] }])
    await store.saveSnapshot({
      timestamp: NOON,
      activeSession: { sessionId: snapshot, entryId: snapshot, startedAt: NOON, warningsIssuedMs: [] },
    })
    const changes: readonly Change[] = [
      {
        ...{ type: 'end_session', ...of, report: 2, played: [{ day: DAY, playedMs: 7 }] },
        reason: { type: 'launch_failed', error: reason },
      },
      { type: 'set_cooldown', entryId: entry, until: NOON },
      { type: 'set_cooldown', entryId: `${otherEntry}-${round}`, until: NOON },
      { type: 'add_usage', entryId: `${otherEntry}-${round}`, day: DAY, durationMs: 9 },
      { type: 'grant_time', entryId: entry, day: DAY, byMs: 1_000, by: person, why },
      { type: 'append_audit', event: { type: 'other', name: words.name, data: { [words.event]: 'é'.repeat(3_000) } } },
      {
        ...{ type: 'import_audit', timestamp: NOON, event: { type: 'service_stopped' } },
        original: { id: round, timestamp: words.originalTime, event: words.original.repeat(200) },
      },
    ]
    await store.commit(changes)
  }
}

/** Those of the words that occur in a byte of the database's files. */
function found(path: string, words: Readonly<Record<string, string>>): readonly string[] {
  const files = [path, `${path}-wal`, `${path}-shm`, `${path}-journal`].filter((file) => existsSync(file))
  const bytes = files.map((file) => readFileSync(file))
  return Object.keys(words).filter((name) => bytes.some((each) => each.includes(words[name] ?? '')))
}

test('after a scope is forgotten and the file compacted no byte of it is left, and the chain verifies', async () => {
  const path = join(fresh(), 'store.db')
  const store = await openSqliteStore(path, { scope: 'home', node: 'hub' })
  const [annas, bens] = [wordsOf('Anna'), wordsOf('Ben')]
  await play(store.view({ scope: 'child-1' }), annas)
  await play(store.view({ scope: 'child-2' }), bens)
  const head = await store.auditHead()
  // The search is known to find what is there.
  assert.deepEqual(found(path, annas), Object.keys(annas))

  const { erased } = await store.forgetScope('child-1', DECISION)
  assert.equal(erased, 200)
  assert.notDeepEqual(
    found(path, annas),
    [],
    'pages that are not used any more tell it still: compacting has work to do',
  )
  await store.compact()
  assert.deepEqual(found(path, annas), [])
  assert.deepEqual(found(path, bens), Object.keys(bens))

  const { intact, tail, firstBreak } = await store.verifyAudits({ expectedHead: head })
  assert.deepEqual([intact, firstBreak, tail], [true, undefined, 'proven'])
  assert.equal(await store.view({ scope: 'child-2' }).getUsage(bens.entry, DAY), 40 * 7)
  await store.appendAudit({ type: 'service_started' })
  await store.close()
  assert.deepEqual(found(path, annas), [])
  const database = new Database(path, { readonly: true })
  assert.equal(database.pragma('integrity_check', { simple: true }), 'ok')
  database.close()
})

test('a record that is erased round the store, of a scope that nobody forgot, is found', async () => {
  const path = join(fresh(), 'store.db')
  const store = await openSqliteStore(path, { scope: 'home' })
  for (let count = 0; count < 3; count += 1) await store.appendAudit({ type: 'service_started' })
  await store.forgetScope('another', DECISION)
  const database = new Database(path)
  const erase = (digest: string) =>
    `update audit_log set type = 'erased', event = '{"type":"erased"}', salt = null, content_digest = ${digest} where id = 2`
  expect(() => database.exec(erase(`'x'`))).toThrow('append-only')
  // The digest that belongs there can be computed by whoever reads the record.
  const [{ salt, type, event }] = database.prepare('select salt, type, event from audit_log where id = 2').all() as [
    { readonly salt: string; readonly type: string; readonly event: string },
  ]
  database.exec(WITHOUT_TRIGGERS)
  database.exec(erase(`'${contentDigest({ salt, type, text: event })}'`))
  database.close()
  expect(await store.verifyAudits()).toMatchObject({
    intact: false,
    firstBreak: { id: 2, problem: 'erasure_unrecorded' },
  })
  await store.close()
})
