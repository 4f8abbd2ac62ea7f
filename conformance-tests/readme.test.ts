import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { startSession } from '@shepherd-store/core'
import { openSqliteStore } from '@shepherd-store/sqlite'
import Database from 'better-sqlite3'
import { describe, expect, inject, onTestFinished, test } from 'vitest'
import { makeHousehold } from '../examples/household/make.ts'
import { createDatabase } from './postgres/database.ts'

const ROOT = resolve(import.meta.dirname, '..')
const DOCUMENTS = ['README.md', ...readdirSync(join(ROOT, 'packages')).map((name) => `packages/${name}/README.md`)]

/** What the examples of a document print, in their order. A document that is not named here has none. */
const PRINTED: Readonly<Record<string, readonly RegExp[]>> = {
  'README.md': [/^\d+ ms today, on all machines\n2 \S+ session_ended\n1 \S+ session_started\n$/],
  'packages/memory/README.md': [/^1000\n$/, /^3500000\n$/],
  'packages/sqlite/README.md': [/^90000\n$/, /^[1-9]\d\d records, 0 rows that cannot be read\n$/],
  'packages/postgres/README.md': [/^90000\n$/],
  // The second one is the types of what `--json` prints.
  'packages/cli/README.md': [/^true postgres\n$/, /^$/],
}

for (const document of DOCUMENTS) {
  describe(document, () => {
    const printed = PRINTED[document] ?? []
    const examples = examplesIn(document)

    test('every example is known here', () => expect(examples).toHaveLength(printed.length))

    for (const [index, example] of examples.entries()) {
      test(`example ${index + 1} prints what it says`, async () => {
        const { code, stdout, stderr } = await runExample(await placed(example))
        expect(stdout).toMatch(printed[index] ?? 'what it prints is not known here')
        expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      })
    }
  })
}

/** The TypeScript examples of a document, as they stand there. */
function examplesIn(document: string): readonly string[] {
  const text = readFileSync(join(ROOT, document), 'utf8')
  return [...text.matchAll(/^```ts\n(.*?)^```/gms)].map(([, code]) => code ?? '')
}

/** The example in a place of its own: its files lie in one directory, with a database of the Rust crate; its PostgreSQL is new. */
async function placed(example: string): Promise<string> {
  const directory = household()
  const inDirectory = example.replaceAll(/'(?:[^'\n]*\/)?(\w+\.db)'/g, (_, name: string) =>
    JSON.stringify(join(directory, name)),
  )
  if (!/'postgres:/.test(inDirectory)) return inDirectory
  const { url, drop } = await createDatabase(inject('postgresUrl'))
  onTestFinished(drop)
  return inDirectory.replaceAll(/'postgres:[^'\n]*'/g, JSON.stringify(url))
}

/** A directory with a database of the Rust crate in it, `shepherdd.db`. */
function household(): string {
  const directory = mkdtempSync(join(tmpdir(), 'shepherd-readme-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  makeHousehold(join(directory, 'shepherdd.db'), { until: new Date('2026-11-24T16:00:00.000Z') })
  return directory
}

function runExample(example: string): Promise<Ran> {
  return execute(process.execPath, [...process.execArgv, '--input-type=module-typescript', '-e', example])
}

test('what --json prints has the types that the README of the command gives', { timeout: 180_000 }, async () => {
  const [, types = ''] = examplesIn('packages/cli/README.md')
  const directory = household()
  const rust = join(directory, 'shepherdd.db')
  tamper(rust, "INSERT INTO audit_log (timestamp, event_json) VALUES ('2026-11-24', 'no JSON')")
  const path = join(directory, 'store.db')
  const json = (...args: readonly string[]) => printedJson(['--db', path, '--json', ...args])

  const imported = await json('import', 'rust', rust, '--time-zone', 'Europe/Berlin')
  await fill(path)
  const decided = ['--why', 'homework', '--by', 'Ada']
  const values: readonly (readonly [type: string, json: string])[] = [
    ['Import', imported],
    ['Granted', await json('grant', 'minecraft', '30m', ...decided)],
    ['Adjusted', await json('adjust', 'minecraft', '--plus', '5m', ...decided)],
    ['Status', await json('status')],
    ['Usage', await json('usage', '--by', 'week,entry,node,scope')],
    ['Sessions', await json('sessions', '--open')],
    ['Recovered', await json('sessions', 'recover', '--node', 'pc-1', '--cooldown', '10m')],
    ['Sessions', await json('sessions')],
    ['Nodes', await json('nodes')],
    ['Cooldowns', await json('cooldowns')],
    ['Cleared', await json('cooldowns', 'clear', 'minecraft', ...decided)],
    ['Audit', await json('audit', '-n', '1000')],
    ['AuditRecord[]', `[${(await json('audit', '-n', 'all')).trim().replaceAll('\n', ',')}]`],
    ['Head', await json('audit', 'head')],
    ['Verification', await json('audit', 'verify')],
  ]
  tamper(path, "DROP TRIGGER audit_log_no_update; UPDATE audit_log SET node = 'x' WHERE id = 7")
  const all = [...values, ['Verification', await json('audit', 'verify')] as const]

  const declared = all.map(([type, value], index) => `export const value${index}: ${type} = ${value}`)
  const file = join(directory, 'printed.ts')
  writeFileSync(file, [types, ...declared].join('\n'))
  const flags = ['--ignoreConfig', '--noEmit', '--strict', '--target', 'es2024', '--module', 'nodenext', '--types', '']
  const { code, stdout } = await execute(join(ROOT, 'node_modules', '.bin', 'tsc'), [...flags, file])
  expect({ code, stdout }).toEqual({ code: 0, stdout: '' })
})

/** So that every part of what is printed is there. */
async function fill(path: string): Promise<void> {
  await using store = await openSqliteStore(path)
  await store.addUsage('minecraft', store.today(), 90_000)
  await store.setCooldownUntil('minecraft', new Date('2099-01-01T00:00:00.000Z'))
  const strict = { limits: [{ limitMs: 3_600_000 }], sliceMs: 60_000 }
  const session = { entryId: 'minecraft', label: 'Minecraft', deadline: new Date('2099-01-01T00:00:00.000Z'), strict }
  await startSession(store.view({ node: 'pc-1' }), session)
}

async function printedJson(args: readonly string[]): Promise<string> {
  const command = join(ROOT, 'packages', 'cli', 'bin', 'shepherd-store.js')
  const { code, stdout, stderr } = await execute(process.execPath, [...process.execArgv, command, ...args])
  // 3: it found problems, and prints them.
  expect({ code: code === 3 ? 0 : code, stderr }).toEqual({ code: 0, stderr: '' })
  return stdout
}

function tamper(path: string, statements: string): void {
  const database = new Database(path)
  database.exec(statements)
  database.close()
}

interface Ran {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

function execute(file: string, args: readonly string[]): Promise<Ran> {
  const options = { cwd: import.meta.dirname, maxBuffer: 16 * 1_024 * 1_024 }
  return new Promise((resolve) => {
    const child = execFile(file, args, options, (_error, stdout, stderr) =>
      resolve({ code: child.exitCode, stdout, stderr }),
    )
  })
}
