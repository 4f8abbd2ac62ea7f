import assert from 'node:assert/strict'
import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { isStoreError } from '@shepherd-store/core'
import { openSqliteStore } from '@shepherd-store/sqlite'
import Database from 'better-sqlite3'
import { onTestFinished, test } from 'vitest'
import { besideOf } from '../src/beside.ts'
import { bringInWhenLong } from '../src/checkpoint.ts'
import { Handle } from '../src/handle.ts'
import { forgetCheckpoints } from '../src/log-index.ts'
import { identityOf, requireSameFile } from '../src/place.ts'
import { freshPath } from './fresh-path.ts'

const DAY = '2026-11-23'

test('brings in the log from its beginning again, and shows its pages meanwhile, when its index has forgotten', () => {
  const { path, database } = openPartlyIn()
  const rows = () => database.prepare<[], number>('select count(*) from rows').pluck().get()
  const [before, { log }] = [rows(), framesOf(database)]
  const reader = openRaw(path)
  reader.exec('begin')
  assert.equal(reader.prepare<[], number>('select count(*) from rows').pluck().get(), before)
  forgetCheckpoints(path, besideOf(path).index)
  assert.deepEqual([framesOf(database), rows()], [{ log, checkpointed: 0 }, before])
  assert.equal(reader.prepare<[], number>('select count(*) from rows').pluck().get(), before)
  reader.exec('commit')
  database.pragma('wal_checkpoint(passive)')
  assert.deepEqual([framesOf(database), rows()], [{ log, checkpointed: log }, before])
})

test('lets no index forget that has another format, or is none of the file’s', () => {
  const { path } = openPartlyIn()
  const { index } = besideOf(path)
  const elsewhere = openPartlyIn()
  assert.throws(
    () => forgetCheckpoints(elsewhere.path, index),
    (error) => isStoreError(error, 'IO'),
  )
  assert.ok(framesOf(elsewhere.database).checkpointed > 0)
  const other = `${freshPath()}.other`
  writeFileSync(`${other}-shm`, Buffer.alloc(136, 1))
  assert.throws(
    () => forgetCheckpoints(other, identityOf(`${other}-shm`)),
    (error) => isStoreError(error, 'UNSUPPORTED'),
  )
})

test.each(['thread', 'inline'] as const)(
  'brings in all of a log that it finds in the file as a part, written by the %s',
  async (writer) => {
    const path = freshPath()
    await (await openSqliteStore(path)).close()
    const { database } = openPartlyIn(path)
    const store = await openSqliteStore(path, { writer })
    await store.addUsage('minecraft', DAY, 7)
    assert.equal(framesOf(database).checkpointed, 0)
    await store.close()
  },
)

/** An error of the disk, in that call of the checkpoint. */
const FAILURE = Object.assign(new Error('disk I/O error'), { code: 'SQLITE_IOERR_FSYNC' })

test('forgets before each try, until one has brought in everything', async () => {
  const { path, database } = openPartlyIn(freshPath(), 1_200)
  const { handle, failing } = handleOf(path)
  const log = () => framesOf(database)
  failing.left = 1
  await assert.rejects(handle.bringIn(bringInWhenLong), (error) => isStoreError(error, 'IO'))
  assert.equal(log().checkpointed, 0)

  // Another one, which was at it when that failed, puts its number back; and one that reads keeps the next try from all.
  const reader = openRaw(path)
  reader.exec('begin')
  reader.prepare('select count(*) from rows').get()
  database.exec(`insert into rows values ('more')`)
  database.pragma('wal_checkpoint(passive)')
  assert.ok(log().checkpointed > 0)
  await handle.bringIn(({ name }) => assert.equal(framesIn(name).checkpointed, 0))
  await handle.bringIn(bringInWhenLong)
  await handle.bringIn(({ name }) => assert.equal(framesIn(name).checkpointed, 0))
  reader.exec('commit')
  await handle.bringIn(bringInWhenLong)
  assert.equal(log().checkpointed, log().log)
  await handle.bringIn(({ name }) => assert.ok(framesIn(name).checkpointed > 0))
  await handle.close()
})

test.each(['', '-shm'])(
  'saves what is in a deleted log, with the index%s of it, behind a disk that was full once',
  async (gone) => {
    const path = freshPath()
    const database = openRaw(path)
    database.exec('create table rows (text)')
    database.close()
    const { handle, failing } = handleOf(path)
    await handle.open({ toWrite: true })
    await handle.use({ toWrite: true }, (opened) => opened.exec(`insert into rows values ('kept')`))
    rmSync(`${path}-wal`)
    if (gone !== '') renameSync(`${path}${gone}`, `${path}${gone}.gone`)
    failing.left = 1
    assert.throws(
      () => handle.requirePlace(),
      (error) => isStoreError(error, 'IO'),
    )
    assert.equal(handle.isReady({ toWrite: true }), true)
    assert.throws(
      () => handle.requirePlace(),
      (error) => isStoreError(error, 'IO'),
    )
    assert.equal(handle.isReady({ toWrite: true }), false)
    await handle.close()
    const left = openRaw(path)
    assert.equal(left.prepare<[], number>('select count(*) from rows').pluck().get(), 1)
  },
)

/** A file of whose log a part is in it. */
function openPartlyIn(path = freshPath(), rows = 100) {
  const database = openRaw(path)
  database.exec('create table rows (text)')
  const insert = database.prepare('insert into rows values (?)')
  for (let row = 0; row < rows / 2; row += 1) insert.run('x'.repeat(1_000))
  const reader = openRaw(path)
  reader.exec('begin')
  reader.prepare('select count(*) from rows').get()
  for (let row = 0; row < rows / 2; row += 1) insert.run('x'.repeat(1_000))
  database.pragma('wal_checkpoint(passive)')
  reader.close()
  const { log, checkpointed } = framesOf(database)
  assert.ok(checkpointed > 0 && checkpointed < log)
  return { path, database }
}

function openRaw(path: string): Database.Database {
  const database = new Database(path)
  onTestFinished(() => void database.close())
  database.pragma('journal_mode = wal')
  database.pragma('wal_autocheckpoint = 0')
  return database
}

/** A handle on a file that is there, whose checkpoints fail as often as is left. */
function handleOf(path: string) {
  const failing = { left: 0 }
  const handle = new Handle({
    identity: identityOf(path),
    async open() {
      const database = new Database(path)
      database.pragma('wal_autocheckpoint = 0')
      database.prepare('select 1 from sqlite_schema').get()
      const { pragma } = database
      database.pragma = (source, options) => {
        if (/^wal_checkpoint\((passive|truncate)\)$/.test(source) && failing.left > 0) {
          failing.left -= 1
          throw FAILURE
        }
        return pragma.call(database, source, options)
      }
      const modifiedNs = requireSameFile(path, identityOf(path))
      return { database, beside: besideOf(path), mayWrite: true, modifiedNs, leaveIndex: () => {} }
    },
    drop: () => assert.fail('what it holds was dropped'),
  })
  return { handle, failing }
}

function framesOf(database: Database.Database): { readonly log: number; readonly checkpointed: number } {
  const [{ log, checkpointed } = { log: 0, checkpointed: 0 }] = database.pragma('wal_checkpoint(noop)') as readonly {
    readonly log: number
    readonly checkpointed: number
  }[]
  return { log, checkpointed }
}

function framesIn(path: string) {
  const database = new Database(path, { readonly: true })
  try {
    database.prepare('select 1 from sqlite_schema').get()
    return framesOf(database)
  } finally {
    database.close()
  }
}
