import { type ChildProcess, execFileSync, fork } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, relative, resolve } from 'node:path'
import process from 'node:process'
import { type CalendarOptions, isStoreError, manualClock, type OwnedStore, systemClock } from '@shepherd-store/core'
import { createMemoryStore } from '@shepherd-store/memory'
import { openSqliteStore } from '@shepherd-store/sqlite'
import { importRustStore, type RustImportReport } from '@shepherd-store/sqlite/rust'
import { makeHousehold } from './make.ts'
import type { ServiceMessage } from './service.ts'
import { duration, table } from './words.ts'

/** How many acknowledged checkpoints the service gets before it is killed. */
const CHECKPOINTS = 7
const SERVICE_TIMEOUT_MS = 30_000
const DATA_DIRECTORY = resolve(import.meta.dirname, '../../.data')
const COMMAND = resolve(import.meta.dirname, '../../packages/cli/bin/shepherd-store.js')

/** The main job, from a household's old database to a store that has survived a crash. */
async function main(given: string | undefined): Promise<void> {
  const scratch = mkdtempSync(join(tmpdir(), 'shepherd-household-'))
  try {
    const household = given === undefined ? exampleIn(scratch) : { source: resolve(given), calendar: {} }
    // Looked at before anything is made for it.
    await importRustStore(household.source, createMemoryStore(), { dryRun: true })
    const path = newStorePath(household.source)
    const report = await importHousehold(household, path)
    await liveThroughACrash(path, lastInstant(report, await lastRecord(path)))
    await lookFurther(path)
  } finally {
    rmSync(scratch, { recursive: true })
  }
}

interface Household {
  readonly source: string
  /** Default: the days of this machine's time zone. */
  readonly calendar: CalendarOptions
}

function exampleIn(directory: string): Household {
  const path = join(directory, 'example-household.db')
  makeHousehold(path, { until: systemClock.now() })
  say('No database was given, so this is an example: a family of the last six weeks, made up.')
  say('For your own: npm start -- PATH-TO-THE-OLD-DATABASE')
  return { source: path, calendar: { timeZone: 'Europe/Berlin' } }
}

function newStorePath(source: string): string {
  mkdirSync(DATA_DIRECTORY, { recursive: true, mode: 0o700 })
  const name = basename(source).replace(/\.[^.]*$/, '')
  return join(mkdtempSync(join(DATA_DIRECTORY, `${name}-`)), 'store.db')
}

async function importHousehold({ source, calendar }: Household, path: string): Promise<RustImportReport> {
  heading('1. Import')
  say(`From ${source}`)
  say(`into ${path}`)
  const before = digestOf(source)
  const store = await openSqliteStore(path, { calendar })
  say(`with days of ${store.calendar.timeZone}`)
  const report = await importRustStore(source, store)
  const again = await importRustStore(source, store)
  const { intact, checked, head } = await store.verifyAudits()
  await store.close()

  const { audits, usage, cooldowns, snapshot } = report.counts
  sayTable([
    ['', 'found', 'imported', 'unreadable'],
    ['events in the log', `${audits.found}`, `${audits.imported}`, `${audits.unreadable}`],
    ['usage, entries × days', `${usage.found}`, `${usage.found - usage.unreadable}`, `${usage.unreadable}`],
    ['cooldowns', `${cooldowns.found}`, `${cooldowns.imported}`, `${cooldowns.unreadable}`],
    ['snapshot', `${snapshot.found}`, snapshot.result, `${snapshot.unreadable}`],
  ])
  const { endedMs, bookedMs, cutMs, notBookedMs } = report.comparison
  say(`Usage in all: ${duration(usage.totalMs)} (${usage.totalMs.toLocaleString('en')} ms).`)
  say(`Played, by the log: ${duration(endedMs)}; booked: ${duration(bookedMs)}.`)
  const andMore = notBookedMs > 0 ? `, and never booked ${duration(notBookedMs)}` : ''
  say(`The old store cut ${duration(cutMs)} off, session by session${andMore}.`)
  if (report.unfinishedSession) {
    const { entryId, startedAt } = report.unfinishedSession
    say(`A session of ${entryId}, begun ${startedAt}, was never ended; the snapshot keeps it.`)
  }
  say(`A second import adds ${again.counts.audits.imported} events and ${again.counts.usage.addedMs} ms.`)
  say(`The old file is ${digestOf(source) === before ? 'untouched, byte for byte' : 'CHANGED'}.`)
  say(`The log of ${checked} records is ${intact ? 'whole' : 'BROKEN'}; it ends with ${head?.hash.slice(0, 16)}…`)
  return report
}

async function liveThroughACrash(path: string, now: Date): Promise<void> {
  heading('2. A day with the service')
  say(`Its clock stands at ${now.toISOString()}, just after the last thing that the household did.`)
  const killed = await runUntilKilled(path, now)
  const playedMs = CHECKPOINTS * 30_000

  heading('3. After the crash')
  say(`The service was killed with SIGKILL while ${killed.entryId} ran, after ${CHECKPOINTS} checkpoints of 30 s.`)
  const clock = manualClock(now)
  const store = await openSqliteStore(path, { clock, create: false })
  const { intact, checked } = await store.verifyAudits()
  const saved = await store.loadSnapshot()
  const session = saved?.snapshot.activeSession
  const foundMs = (await store.getUsage(killed.entryId, store.today())) - killed.usedBeforeMs
  sayTable([
    ['', 'acknowledged', 'found'],
    ['played and booked', duration(playedMs), duration(foundMs)],
    ['running session', killed.sessionId.slice(0, 8), session?.sessionId.slice(0, 8) ?? 'none'],
    ['log', 'whole', intact ? `whole, ${checked} records` : 'BROKEN'],
  ])
  const kept = intact && foundMs >= playedMs && session?.sessionId === killed.sessionId
  say(kept ? 'Everything that was acknowledged is there.' : 'SOMETHING IS MISSING.')
  if (foundMs > playedMs) say('More than that: a checkpoint was written, and the kill came before the word of it.')
  await endLostSession(store, killed, foundMs)
  await store.close()
  if (!kept) process.exitCode = 1
}

interface Killed {
  readonly sessionId: string
  readonly entryId: string
  readonly usedBeforeMs: number
}

/** Runs the service, and kills it when it has told of enough checkpoints. */
async function runUntilKilled(path: string, now: Date): Promise<Killed> {
  const usedBefore = await usageOfTheDay(path, now)
  const service = fork(join(import.meta.dirname, 'service.ts'), [path, now.toISOString()])
  const ended = once(service, 'exit')
  const timer = setTimeout(() => service.kill('SIGKILL'), SERVICE_TIMEOUT_MS)
  const killed = await acknowledgements(service)
  service.kill('SIGKILL')
  await ended
  clearTimeout(timer)
  if (killed === undefined) throw new Error('the service ended by itself; see what it said above')
  return { ...killed, usedBeforeMs: usedBefore(killed.entryId) }
}

function acknowledgements(service: ChildProcess): Promise<Omit<Killed, 'usedBeforeMs'> | undefined> {
  return new Promise((resolve) => {
    let count = 0
    service.on('message', (message: ServiceMessage) => {
      if (message.type === 'said') say(`   ${message.text}`)
      else if ((count += 1) === CHECKPOINTS) resolve(message)
    })
    service.on('exit', () => resolve(undefined))
  })
}

async function usageOfTheDay(path: string, now: Date): Promise<(entryId: string) => number> {
  const store = await openSqliteStore(path, { clock: manualClock(now), create: false })
  const state = await store.getDayState(store.today())
  await store.close()
  return (entryId) => state.entry(entryId).usedMs
}

/** What a service does when it starts again: the log says how the session ended, and the snapshot lets go of it. */
async function endLostSession(store: OwnedStore, { sessionId, entryId }: Killed, durationMs: number): Promise<void> {
  await store.commit(
    [
      {
        type: 'append_audit',
        event: { type: 'session_ended', sessionId, entryId, reason: { type: 'service_shutdown' }, durationMs },
      },
      { type: 'save_snapshot', snapshot: { timestamp: store.clock.now() } },
    ],
    { operationId: `${sessionId}:end` },
  )
  say(`The session is ended with the ${duration(durationMs)} that were booked.`)
}

async function lookFurther(path: string): Promise<void> {
  heading('4. To look further')
  const database = relative(process.cwd(), path)
  for (const command of ['status', 'usage --by month,entry', 'audit -n 5', 'verify']) {
    say(`npm run --silent shepherd-store -- --db ${database} ${command}`)
  }
  say('')
  say('The first of them says now:')
  say('')
  process.stdout.write(
    execFileSync(process.execPath, [...process.execArgv, COMMAND, '--db', path, 'status'], { encoding: 'utf8' }),
  )
}

async function lastRecord(path: string): Promise<Date | undefined> {
  const store = await openSqliteStore(path, { create: false })
  const [record] = await store.getRecentAudits(1)
  await store.close()
  return record?.timestamp
}

function lastInstant(report: RustImportReport, last: Date | undefined): Date {
  const seenAt = report.unfinishedSession && Date.parse(report.unfinishedSession.seenAt)
  return new Date(Math.max(last?.getTime() ?? systemClock.now().getTime(), seenAt ?? 0) + 60_000)
}

function digestOf(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex')
}

function sayTable(rows: readonly (readonly string[])[]): void {
  say(`\n${table(rows)}\n`)
}

function heading(text: string): void {
  say(`\n${text}\n${'─'.repeat(text.length)}`)
}

function say(text: string): void {
  console.log(text)
}

try {
  await main(process.argv[2])
} catch (error) {
  if (!isStoreError(error)) throw error
  console.error(error.message)
  process.exitCode = 1
}
