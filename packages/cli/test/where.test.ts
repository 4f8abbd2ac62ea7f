import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { shownWhere, whereFrom, withoutPassword } from '../src/where.ts'

describe('the database is', () => {
  const env = {
    SHEPHERD_STORE_URL: 'postgres://db/shepherd',
    SHEPHERD_DATA_DIR: '/srv/shepherd',
    XDG_DATA_HOME: '/data',
    HOME: '/home/mia',
  }
  test.each([
    ['that of --db', 'other.db', env, 'other.db'],
    ['that of SHEPHERD_STORE_URL', undefined, env, 'postgres://db/shepherd'],
    [
      'the file in SHEPHERD_DATA_DIR',
      undefined,
      { ...env, SHEPHERD_STORE_URL: '' },
      join('/srv/shepherd', 'shepherd-store.db'),
    ],
    [
      'the file in the XDG data directory',
      undefined,
      { XDG_DATA_HOME: '/data', HOME: '/home/mia' },
      join('/data', 'shepherdd', 'shepherd-store.db'),
    ],
    [
      'the file in ~/.local/share, when XDG_DATA_HOME is relative',
      undefined,
      { XDG_DATA_HOME: 'data', HOME: '/home/mia' },
      join('/home/mia', '.local', 'share', 'shepherdd', 'shepherd-store.db'),
    ],
  ])('%s', (_, flag, environment, where) => {
    expect(whereFrom(flag, environment)).toBe(where)
  })
})

test.each([
  ['postgres://mia:geheim@db/shepherd', 'postgres://mia:***@db/shepherd'],
  ['postgresql://mia:ge@he/im#?@db:5432/shepherd', 'postgresql://mia:***@db:5432/shepherd'],
  [
    'postgres://mia@db/shepherd?password=geheim&sslmode=require',
    'postgres://mia@db/shepherd?password=***&sslmode=require',
  ],
  ['postgres://mia@db:5432/shepherd', 'postgres://mia@db:5432/shepherd'],
])('%s is shown as %s', (where, shown) => {
  expect(shownWhere(where)).toBe(shown)
})

test('a password is masked wherever it stands in a text', () => {
  const where = 'postgres://mia:geheim@db/shepherd'
  expect(withoutPassword(`cannot parse ${where} nor geheim`, where)).toBe(
    'cannot parse postgres://mia:***@db/shepherd nor ***',
  )
})
