import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openStore } from '../src/index.ts'
import { testDirectory } from './command.ts'

test.each(['', 'sqlite:'])('opens a file, %spath, and makes it', async (prefix) => {
  const path = join(testDirectory(), 'store.db')
  await using store = await openStore(`${prefix}${path}`, { node: 'den', scope: 'mia', calendar: { timeZone: 'UTC' } })
  expect((await store.health()).database?.backend).toBe('sqlite')
  expect([store.node, store.scope, store.calendar.timeZone]).toEqual(['den', 'mia', 'UTC'])
  expect(existsSync(path)).toBe(true)
})

test('opens a store in memory, a new one each time', async () => {
  await using first = await openStore('memory:')
  await first.addUsage('minecraft', '2026-11-24', 1_000)
  await using second = await openStore('memory:')
  expect((await second.health()).database?.backend).toBe('memory')
  expect(await second.getUsage('minecraft', '2026-11-24')).toBe(0)
})

test('makes nothing with create: false', async () => {
  const path = join(testDirectory(), 'store.db')
  await expect(openStore(path, { create: false })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  expect(existsSync(path)).toBe(false)
})

describe('refuses with INVALID_ARGUMENT', () => {
  test.each([
    ['an unknown scheme', 'mysql://root:geheim@db/x'],
    ['a name for a store in memory', 'memory:one'],
    ['a path that would silently become another', 'sqlite://store.db'],
    ['no path', 'sqlite:'],
    ['PostgreSQL without a node', 'postgres://db/shepherd'],
  ])('%s: %s', async (_, where) => {
    const error: unknown = await openStore(where).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ name: 'StoreError', code: 'INVALID_ARGUMENT' })
    expect(String(error)).not.toContain('geheim')
  })
})
