import assert from 'node:assert/strict'
import { isStoreError, StoreError } from '@shepherd-store/core'
import type { Program } from '@shepherd-store/core/sql'
import type { PoolClient } from 'pg'
import { test } from 'vitest'
import type { Connections } from '../src/connections.ts'
import { toStoreError } from '../src/errors.ts'
import { postgresRunner } from '../src/runner.ts'

test('says why none of the addresses of a host can be reached', () => {
  const { code, message } = toStoreError(
    new AggregateError([new Error('connect ECONNREFUSED ::1:5432'), new Error('connect ECONNREFUSED 127.0.0.1:5432')]),
  )
  assert.equal(code, 'UNAVAILABLE')
  assert.match(message, /\(connect ECONNREFUSED ::1:5432; connect ECONNREFUSED 127\.0\.0\.1:5432\)/)
})

test('does not call a commit undone because of what comes behind it', async () => {
  const client = {
    query: async ({ text }: { readonly text: string }) => ({ command: text.toUpperCase(), rows: [] }),
    release: () => undefined,
    on: () => undefined,
  } as unknown as PoolClient
  const connections: Connections = {
    areOurs: false,
    checkOut: async () => client,
    renew: () => undefined,
    close: async () => undefined,
  }
  function* program(): Program<never> {
    yield { statements: [], commits: true }
    throw new StoreError('MALFORMED', 'what was returned cannot be read')
  }
  const writing = postgresRunner(connections, { callTimeoutMs: 1_000 }).write(program)
  await assert.rejects(writing, (error) => isStoreError(error, 'MALFORMED') && error.outcome === 'unknown')
})
