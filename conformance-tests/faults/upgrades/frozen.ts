import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { withClient } from '../../postgres/database.ts'
import type { Where } from '../processes/watched-store.ts'

/** Makes a database as the library left it whose schema had that version; 0: none, not even an empty one. */
export async function freeze(where: Where, version: number): Promise<void> {
  if (version === 0) return
  const schema = schemaOf(where.type, version)
  if (where.type === 'sqlite') {
    const database = new Database(where.path)
    database.pragma('journal_mode = wal')
    database.exec(`${schema} ${rowsOf(version)}`)
    database.close()
    return
  }
  const name = where.schema
  await withClient(where.url, async (client) => {
    await client.query(`create schema ${name}`)
    await client.query(schema.replaceAll('"shepherd"', `"${name}"`))
    await client.query(`set search_path = ${name}; ${rowsOf(version)}`)
    await client.query(`insert into writers values ('the one of then', 4, '[]', 3, '2026-11-23T18:30:00Z')`)
  })
}

/** All that led to the version, as it was shipped. */
function schemaOf(backend: Where['type'], version: number): string {
  const pinned = textOf(`../../../packages/${backend}/test/migrations.sql`)
  const versions = pinned.split(/-- Version \d+\.\n/)
  if (versions.length < version) throw new Error(`nobody has pinned the schema of version ${version}`)
  return versions.slice(0, version).join('')
}

/** What stands in its tables. A further version needs rows of its own. */
function rowsOf(version: number): string {
  const first = '../../version-1/rows.sql'
  const files = [[first], [first, 'version-2.sql'], ['version-3.sql']][version - 1]
  if (files === undefined)
    throw new Error(`there are no rows of version ${version}: keep in a file here what the library writes now`)
  return files.map(textOf).join('')
}

function textOf(file: string): string {
  return readFileSync(join(import.meta.dirname, file), 'utf8')
}
