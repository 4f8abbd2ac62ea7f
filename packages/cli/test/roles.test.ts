import { isStoreError } from '@shepherd-store/core'
import { postgresRoles } from '@shepherd-store/postgres'
import { expect, test } from 'vitest'
import { run } from './command.ts'

const NAMES = { schema: 'kids', owner: 'mum', application: 'svc', reader: 'dad' }
const FLAGS = Object.entries(NAMES).flatMap(([name, value]) => [`--${name}`, value])
/** Nothing is there: a command that opened it would fail. */
const NOWHERE = ['--db', 'postgres://nobody@127.0.0.1:1/nowhere']

test('roles prints the SQL that makes them, and opens no database', async () => {
  const { exitCode, stdout, stderr } = await run(['roles', ...FLAGS, ...NOWHERE])
  expect({ exitCode, stderr, sql: stdout }).toEqual({ exitCode: 0, stderr: '', sql: postgresRoles(NAMES) })
})

test('it has names for all of them', async () => {
  const { stdout } = await run(['roles'])
  expect(stdout).toBe(
    postgresRoles({ owner: 'shepherd_owner', application: 'shepherd_application', reader: 'shepherd_reader' }),
  )
  expect(stdout).toContain('-- Who may do what in the schema shepherd of shepherd-store.')
})

test('a terminal, however narrow, gets what a pipe gets', async () => {
  expect((await run(['roles'], { columns: 20 })).stdout).toBe((await run(['roles'])).stdout)
})

test('--json has the SQL as one text', async () => {
  const { stdout } = await run(['roles', ...FLAGS, '--json'])
  expect(JSON.parse(stdout)).toEqual({ sql: postgresRoles(NAMES) })
})

test.each([
  ['schema', 'x"; drop schema shepherd; --'],
  ['owner', `o'brien`],
  ['application', 'Shepherd'],
  ['reader', 'r'.repeat(64)],
  ['reader', 'pg_monitor'],
  ['owner', 'public'],
  ['application', ''],
  ['reader', 'svc'],
])('--%s %s is refused', async (name, value) => {
  const { exitCode, stdout, stderr } = await run(['roles', ...FLAGS, `--${name}`, value])
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
  expect(stderr).toContain(value === 'svc' ? 'must be three roles' : `${name} must `)
})

test('a role that is mistyped, or not named, is refused', () => {
  const { reader: _, ...two } = NAMES
  for (const roles of [two, { ...NAMES, readers: 'x' }] as unknown as (typeof NAMES)[]) {
    expect(() => postgresRoles(roles)).toThrow(
      expect.toSatisfy((error: unknown) => isStoreError(error, 'INVALID_ARGUMENT')),
    )
  }
})
