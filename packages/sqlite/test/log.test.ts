import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import Database from 'better-sqlite3'
import { test } from 'vitest'
import { logBytes, rewriteLog } from '../src/log.ts'
import { freshPath } from './fresh-path.ts'

/** A log of more frames than are written anew at a time, and how many SQLite says there are. */
function openWithLog(): { readonly database: Database.Database; readonly path: string; readonly frames: number } {
  const path = freshPath()
  const database = new Database(path)
  database.pragma('journal_mode = wal')
  database.pragma('wal_autocheckpoint = 0')
  database.exec('create table rows (text)')
  const insert = database.prepare('insert into rows values (?)')
  for (let row = 0; row < 300; row += 1) insert.run('x'.repeat(1_000))
  return { database, path, frames: framesOf(database) }
}

function framesOf(database: Database.Database): number {
  const [found] = database.pragma('wal_checkpoint(noop)') as readonly { readonly log: number }[]
  return found?.log ?? 0
}

test('writes every frame of a log anew, as it was, and counts as many as SQLite', () => {
  const { database, path, frames } = openWithLog()
  const before = readFileSync(`${path}-wal`)
  assert.ok(frames > 300)
  assert.equal(rewriteLog(path, frames), frames)
  assert.ok(readFileSync(`${path}-wal`).equals(before))
  database.close()
})

test('counts up to the last frame that is whole', () => {
  const { database, path, frames } = openWithLog()
  const bytes = readFileSync(`${path}-wal`)
  const frameBytes = (bytes.length - 32) / frames
  for (const [place, left] of [
    [bytes.length - 1, frames - 1],
    [32 + 10 * frameBytes + 100, 10],
    [32 + 8, 0],
    [20, 0],
  ] as const) {
    const damaged = Buffer.from(bytes)
    damaged[place] = 255 - (damaged[place] ?? 0)
    writeFileSync(`${path}-wal`, damaged)
    assert.ok(rewriteLog(path, frames) <= left, String(place))
  }
  writeFileSync(`${path}-wal`, bytes.subarray(0, bytes.length - frameBytes))
  assert.ok(rewriteLog(path, frames) < frames)
  writeFileSync(`${path}-wal`, bytes)
  assert.equal(rewriteLog(path, frames), frames)
  database.close()
})

test('counts no frames of the log before, behind those of a log that was begun anew', () => {
  const { database, path, frames } = openWithLog()
  database.pragma('wal_checkpoint(restart)')
  database.exec(`insert into rows values ('more')`)
  assert.equal(rewriteLog(path, framesOf(database)), framesOf(database))
  assert.equal(rewriteLog(path, frames), framesOf(database))
  assert.ok(framesOf(database) < frames)
  assert.ok(logBytes(path) > 300 * 4_096)
  database.close()
})
