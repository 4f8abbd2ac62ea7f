import { execSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import process from 'node:process'
import { DatabaseSync } from 'node:sqlite'
import { expect, test, vi } from 'vitest'
import { makeHousehold, SCHEMA } from '../examples/household/make.ts'
import { contentsOf, temporaryDirectories } from './directories.ts'
import { CUT_TAIL } from './log-tampering.ts'

const ROOT = resolve(import.meta.dirname, '..')
const EXAMPLE = join(ROOT, 'examples/household/start.js')
const TIMEOUT_MS = 120_000
vi.setConfig({ testTimeout: TIMEOUT_MS })

const directories = temporaryDirectories()

interface Ran {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
  /** The names in the directory of the stores; `undefined` when it was not made. */
  readonly stores: readonly string[] | undefined
  /** What is left in the system's directory for temporary files. */
  readonly leftBehind: readonly string[]
}

/** Runs the example as a process of its own, with its stores and its temporary files in a new directory. */
function runExample(argv: readonly string[] = [], nodeOptions: readonly string[] = []): Ran {
  const directory = newDirectory()
  const [stores, temporary] = [join(directory, 'stores'), join(directory, 'temporary')]
  mkdirSync(temporary)
  const { NO_COLOR: _, ...env } = process.env
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--conditions=@shepherd-store/source', ...nodeOptions, EXAMPLE, ...argv],
    {
      cwd: ROOT,
      env: { ...env, SHEPHERD_EXAMPLE_DIR: stores, TMPDIR: temporary, TEMP: temporary, TMP: temporary },
      encoding: 'utf8',
      timeout: TIMEOUT_MS,
    },
  )
  const names = existsSync(stores) ? readdirSync(stores) : undefined
  return { status, stdout, stderr, stores: names, leftBehind: readdirSync(temporary) }
}

function newDirectory(): string {
  const directory = directories.fresh()
  mkdirSync(directory)
  return directory
}

const SURVIVED = {
  status: 0,
  stdout: expect.stringMatching(/^Everything that was acknowledged is there\.$/m),
  stderr: '',
  leftBehind: [],
}

test('without a database, the example makes one up, and leaves nothing but its store', () => {
  const ran = runExample()
  expect(ran).toMatchObject({ ...SURVIVED, stores: [expect.stringMatching(/^example-household-/)] })
  const [events, usage, cooldowns, snapshot] = importTable(ran.stdout)
  expect([events?.found, usage?.found, cooldowns?.found]).not.toContain(0)
  expect(snapshot?.found).toBe(1)
  for (const row of [events, usage, cooldowns, snapshot]) {
    expect(row).toEqual({ found: row?.found, imported: row?.found, unreadable: 0 })
  }
  expect(ran.stdout).toMatch(/^A second import adds 0 events and 0 ms\.$/m)
})

test('the example recovers the session that the old service left, and the one of the service that was killed', () => {
  const { stdout } = runExample([householdOf12Minutes()])
  expect(stdout).toMatch(
    /^When the old service was last seen, \S+ was running, since .*: it is an open session here, too\.$/m,
  )
  expect(stdout).toMatch(
    /^\S+ was left running by the old service, since .*, and the 12 min that are known of it are booked$/m,
  )

  const [, entryId, found] = /^session of (\S+) at .* so far +open, (.+) so far$/m.exec(stdout) ?? []
  const recovered = `The session of ${entryId} is recovered: it has ended with the ${found} that it had reported.`
  expect(stdout).toContain(`${recovered}\nA second recovery finds nothing.\nThe log has `)
})

test('in the example a parent grants time, which lets a refused start pass, and corrects what was counted', () => {
  const { stdout } = runExample([householdOf12Minutes()])
  const [, entryId] = /^mum grants 30 min of (\S+) for today: /m.exec(stdout) ?? []
  expect(stdout.split('\n').filter((line) => line.startsWith(`${entryId} may `))).toEqual([
    expect.stringMatching(/ may not start: \S+ is running$/),
    expect.stringMatching(/ may not start: (it has no time today|.* are used)$/),
    expect.stringMatching(/ may start, and has until /),
  ])
  expect(stdout).toMatch(/^dad takes 1 min off \S+: /m)
})

/** One whose snapshot has a session of 12 minutes. */
function householdOf12Minutes(): string {
  const source = join(newDirectory(), 'household.db')
  makeHousehold(source, { until: new Date('2026-11-23T16:20:00Z') })
  return source
}

test('the example imports a given database, leaves it as it is, and looks into the store', () => {
  const directory = newDirectory()
  const source = join(directory, "the family's.db")
  makeHousehold(source, { until: new Date('2026-11-23T16:20:00Z') })
  const before = contentsOf(directory)
  const rows = rowsOf(source)

  const ran = runExample([source])
  expect(ran).toMatchObject(SURVIVED)
  expect(importTable(ran.stdout)).toEqual(
    [rows.events, rows.usage, rows.cooldowns, rows.snapshot].map((count) => ({
      found: count,
      imported: count,
      unreadable: 0,
    })),
  )
  expect(ran.stdout).toContain(`(${(rows.usageSecs * 1_000).toLocaleString('en')} ms).`)
  expect(ran.stdout).toMatch(/^A second import adds 0 events and 0 ms\.$/m)
  expect(ran.stdout).toMatch(/^The old file is untouched, byte for byte\.$/m)
  expect(contentsOf(directory)).toEqual(before)

  const commands = ran.stdout.match(/^npm run .*$/gm) ?? []
  expect(commands.map((command) => /store\.db (.*)$/.exec(command)?.[1])).toEqual([
    'status',
    'usage --by month,entry --from 2020-01-01',
    'sessions',
    'audit -n 5',
    'audit verify',
  ])
  const outputs = commands.map((command) => execSync(command, { cwd: ROOT, encoding: 'utf8' }))
  expect(ran.stdout).toContain(outputs[0]?.split('\n').find((line) => line.startsWith('Log')))
  expect(outputs.at(-1)).toMatch(/^The log is intact: /)
})

/** What stands in the rows of the import's table. */
function importTable(stdout: string): readonly { found: number; imported: number; unreadable: number }[] {
  const cells = ['events in the log', 'usage, by entry and day', 'cooldowns', 'snapshot'].map((title) =>
    (new RegExp(`^${title} +([\\d,]+) +([\\d,]+) +([\\d,]+)$`, 'm').exec(stdout) ?? [])
      .slice(1)
      .map((cell) => Number(cell.replaceAll(',', ''))),
  )
  return cells.map(([found = NaN, imported = NaN, unreadable = NaN]) => ({ found, imported, unreadable }))
}

/** Read without the library. */
function rowsOf(path: string): Readonly<Record<'events' | 'usage' | 'usageSecs' | 'cooldowns' | 'snapshot', number>> {
  const database = new DatabaseSync(path, { readOnly: true })
  const numberOf = (sql: string): number => Number(Object.values(database.prepare(sql).get() ?? {})[0])
  const rows = {
    events: numberOf('select count(*) from audit_log'),
    usage: numberOf('select count(*) from usage'),
    usageSecs: numberOf('select sum(duration_secs) from usage'),
    cooldowns: numberOf('select count(*) from cooldowns'),
    snapshot: numberOf('select count(*) from snapshot'),
  }
  database.close()
  return rows
}

type Rows = readonly (readonly (string | number)[])[]

interface HouseholdRows {
  readonly audits?: Rows
  readonly usage?: Rows
  readonly cooldowns?: Rows
}

/** The path of a database of the crate. */
function databaseWith({ audits = [], usage = [], cooldowns = [] }: HouseholdRows): string {
  const path = join(newDirectory(), 'shepherdd.db')
  const database = new DatabaseSync(path)
  database.exec(SCHEMA)
  const append = database.prepare('insert into audit_log (timestamp, event_json) values (?, ?)')
  for (const row of audits) append.run(...row)
  const book = database.prepare('insert into usage values (?, ?, ?)')
  for (const row of usage) book.run(...row)
  const cool = database.prepare('insert into cooldowns values (?, ?)')
  for (const row of cooldowns) cool.run(...row)
  database.close()
  return path
}

const STARTED = '{"type":"service_started"}'

test.each<[string, HouseholdRows]>([
  ['that is empty', {}],
  [
    'whose only entry is in cooldown',
    {
      audits: [['2026-11-23T16:00:00+01:00', STARTED]],
      usage: [['chess', '2026-11-23', 600]],
      cooldowns: [['chess', '2026-11-24T16:00:00+01:00']],
    },
  ],
  [
    'that plays over midnight',
    {
      audits: [['2026-11-23T23:52:00Z', STARTED]],
      usage: [
        ['chess', '2026-11-23', 600],
        ['go', '2026-11-23', 300],
      ],
    },
  ],
  ['of 1970', { audits: [['1970-01-01T00:00:30Z', STARTED]], usage: [['chess', '1970-01-01', 600]] }],
  ['of the year 9999', { audits: [['9999-12-31T23:00:00Z', STARTED]], usage: [['chess', '9999-12-31', 600]] }],
])('the example runs on a household %s', (_, rows) => {
  expect(runExample([databaseWith(rows)])).toMatchObject(SURVIVED)
})

test.each([
  ['that is not there', 'missing.db', undefined, /^there is no file .*missing\.db; give the path of .*\n$/],
  ['to another file', 'notes.db', 'feed the cat on Sunday', /^.*notes\.db is not an SQLite database; give .*\n$/],
])('the example answers a path %s with a sentence, and makes no store', (_, name, content, sentence) => {
  const directory = newDirectory()
  if (content !== undefined) writeFileSync(join(directory, name), content)
  const before = contentsOf(directory)
  expect(runExample([join(directory, name)])).toEqual({
    status: 1,
    stdout: '',
    stderr: expect.stringMatching(sentence),
    stores: undefined,
    leftBehind: [],
  })
  expect(contentsOf(directory)).toEqual(before)
})

test('the example fails, and says what is missing, when the crash took something', () => {
  const crash = `
    import { ChildProcess } from 'node:child_process'
    import { EventEmitter } from 'node:events'
    import { DatabaseSync } from 'node:sqlite'
    ChildProcess.prototype.emit = function (event, ...values) {
      if (event === 'exit') {
        const database = new DatabaseSync(this.spawnargs.find((argument) => argument.endsWith('store.db')))
        database.exec(${JSON.stringify(`${CUT_TAIL}; delete from cooldowns`)})
        database.close()
      }
      return EventEmitter.prototype.emit.call(this, event, ...values)
    }`
  const source = databaseWith({ audits: [['2026-11-23T12:00:00Z', STARTED]] })
  const ran = runExample([source], ['--import', `data:text/javascript,${encodeURIComponent(crash)}`])
  expect(ran.status).toBe(1)
  expect(ran.stdout).not.toContain('Everything that was acknowledged is there.')
  expect(ran.stdout).toMatch(
    /^NOT AS IT WAS ACKNOWLEDGED:\n {3}cooldown of example-game: acknowledged until .*, found none\n {3}log: acknowledged 13 records, found .*its tail was cut off$/m,
  )
})
