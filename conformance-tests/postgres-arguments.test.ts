import assert from 'node:assert/strict'
import { isStoreError } from '@shepherd-store/core'
import { openPostgresStore } from '@shepherd-store/postgres'
import pg from 'pg'
import { afterAll, inject, test } from 'vitest'
import { createDatabase } from './postgres/database.ts'

const { url, drop } = await createDatabase(inject('postgresUrl'))
afterAll(drop)

type Where = Parameters<typeof openPostgresStore>[0]

const REFUSED: readonly (readonly [what: string, where: unknown])[] = [
  ['no URL, as of a variable that is not set', undefined],
  ['null', null],
  ['a number', 42],
  ['an array', []],
  ['an empty URL', ''],
  ['a URL of another kind', 'mysql://localhost/db'],
  ['a URL that cannot be parsed', 'postgres://user:pa/ss@localhost/db'],
  ['a client, which can be lost', new pg.Client({ connectionString: url })],
  ['a pool that reads values as bytes', new pg.Pool({ connectionString: url, binary: true } as pg.PoolConfig)],
  ['a port that is none, in a URL', 'postgres://user@127.0.0.1/db?port=99999'],
  ['a port that is none, in options', { host: '127.0.0.1', port: 70_000 }],
  ['a certificate that is not there', 'postgres://user@127.0.0.1/db?sslrootcert=/no/such/file'],
]

test.each(REFUSED)('refuses to connect with %s', async (_, where) => {
  const opening = openPostgresStore(where as Where, { node: 'hub' })
  await assert.rejects(opening, (error) => isStoreError(error, 'INVALID_ARGUMENT'))
})

const OPTIONS: readonly (readonly [what: string, options: object])[] = [
  ['a mistyped migrate', { migrate: 'nevre' }],
  ['a mistyped changeCalendar', { changeCalendar: 'no' }],
  ['a mistyped field', { scheme: 'x' }],
  ['a schema in an array', { schema: ['shepherd'] }],
  ['a schema that is no text', { schema: 1n }],
  ['a clock that is none', { clock: {} }],
]

test.each(OPTIONS)('refuses %s, and makes nothing', async (_, options) => {
  const opening = openPostgresStore(url, { node: 'hub', ...options })
  await assert.rejects(opening, (error) => isStoreError(error, 'INVALID_ARGUMENT'))
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const { rows } = await client.query("select 1 from pg_namespace where nspname = 'shepherd'")
  await client.end()
  assert.deepEqual(rows, [])
})

test.each(['postgres://user@/db?host=/no/such/socket', 'socket:/no/such/socket?db=x', 'POSTGRES://127.0.0.1:1/db'])(
  'takes the URLs that pg takes: %s',
  async (where) => {
    const opening = openPostgresStore(where, { node: 'hub', callTimeoutMs: 1_000 })
    await assert.rejects(opening, (error) => isStoreError(error, 'UNAVAILABLE', 'TIMEOUT'))
  },
)
