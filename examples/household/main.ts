import { fork, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, isAbsolute, join, relative, resolve } from 'node:path'
import process from 'node:process'
import {
  type CalendarOptions,
  isStoreError,
  LIMITS,
  manualClock,
  type StateSnapshot,
  type Store,
  systemClock,
} from '@shepherd-store/core'
import { createMemoryStore } from '@shepherd-store/memory'
import { openSqliteStore } from '@shepherd-store/sqlite'
import { importRustStore, type RustImportReport } from '@shepherd-store/sqlite/rust'
import { Acknowledged, CHECKPOINT_MS, playedMs } from './acknowledged.ts'
import { makeHousehold } from './make.ts'
import type { ServiceMessage } from './service.ts'
import { dateAndTime, duration, records, table } from './words.ts'

/** How much of a session is acknowledged before the service is killed. */
const PLAYED_MS = 7 * CHECKPOINT_MS
const SERVICE_TIMEOUT_MS = 60_000
const MONTH_MS = 30 * 24 * 60 * 60_000
const ROOT = resolve(import.meta.dirname, '../..')
/** Where the stores are made, each in a directory of its own. */
const DIRECTORY = resolve(process.env['SHEPHERD_EXAMPLE_DIR'] || join(ROOT, '.data'))
const COMMAND = join(ROOT, 'packages/cli/bin/shepherd-store.js')

/** The main job, from a household's old database to a store that has survived a crash. */
async function main(given: string | undefined): Promise<void> {
  const scratch = mkdtempSync(join(tmpdir(), 'shepherd-household-'))
  try {
    const household = given === undefined ? exampleIn(scratch) : { source: resolve(given), calendar: {} }
    // Looked at before anything is made for it.
    await importRustStore(household.source, createMemoryStore(), { dryRun: true })
    const path = newStorePath(household.source)
    const now = await importHousehold(household, path)
    await liveThroughACrash(path, now)
    lookFurther(path)
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

/** The directory's name is one that every shell takes as it is. */
function newStorePath(source: string): string {
  mkdirSync(DIRECTORY, { recursive: true, mode: 0o700 })
  const name = basename(source)
    .replace(/\.[^.]*$/, '')
    .replaceAll(/[^\w.]+/g, '-')
  return join(mkdtempSync(join(DIRECTORY, `${name}-`)), 'store.db')
}

/** Imports it, twice, and returns the instant a minute after its data ends. */
async function importHousehold({ source, calendar }: Household, path: string): Promise<Date> {
  heading('1. Import')
  say(`From ${source}`)
  say(`into ${path}`)
  const before = digestOf(source)
  const store = await openSqliteStore(path, { calendar })
  say(`with days of ${store.calendar.timeZone}, from ${store.calendar.dayStart} on`)
  const report = await importRustStore(source, store)
  const again = await importRustStore(source, store)
  sayReport(report, store)

  const { counts } = again
  const added = `${counts.audits.imported} events and ${counts.usage.addedMs} ms`
  check(counts.audits.imported + counts.usage.addedMs === 0, `A second import adds ${added}.`)
  const untouched = digestOf(source) === before
  check(untouched, `The old file is ${untouched ? 'untouched, byte for byte' : 'CHANGED'}.`)
  const { intact, checked, firstBreak } = await store.verifyAudits()
  check(intact, firstBreak?.message ?? `The new log has ${records(checked)}, each as it was written.`)
  const now = await minuteAfter(report, store)
  await store.close()
  return now
}

function sayReport({ counts, comparison, unfinishedSession }: RustImportReport, store: Store): void {
  const { audits, usage, cooldowns, snapshot } = counts
  const rows = [
    ['events in the log', audits.found, audits.imported, audits.unreadable],
    ['usage, by entry and day', usage.found, usage.found - usage.unreadable, usage.unreadable],
    ['cooldowns', cooldowns.found, cooldowns.imported, cooldowns.unreadable],
    ['snapshot', snapshot.found, snapshot.result === 'saved' ? 1 : 0, snapshot.unreadable],
  ]
  sayTable([
    ['', 'found', 'imported', 'unreadable'],
    ...rows.map((row) => row.map((cell) => cell.toLocaleString('en'))),
  ])
  say(`Usage in all: ${duration(usage.totalMs)} (${usage.totalMs.toLocaleString('en')} ms).`)
  const { endedMs, bookedMs, cutMs, notBookedMs, overbookedMs } = comparison
  say(`Played, by the old log: ${duration(endedMs)}; booked: ${duration(bookedMs)}.`)
  const reasons = [
    cutMs > 0 ? `${duration(cutMs)} cut off, session by session` : '',
    notBookedMs > 0 ? `${duration(notBookedMs)} never booked` : '',
    overbookedMs > 0 ? `${duration(overbookedMs)} booked that the log does not explain` : '',
  ].filter((reason) => reason !== '')
  if (reasons.length > 0) say(`The difference is the old store's: ${reasons.join('; ')}.`)
  if (unfinishedSession && !unfinishedSession.endedInLog) {
    const since = dateAndTime(new Date(unfinishedSession.startedAt), store)
    say(
      `When the old service was last seen, ${unfinishedSession.entryId} was running, since ${since}: the snapshot has it.`,
    )
  }
}

async function minuteAfter({ unfinishedSession }: RustImportReport, store: Store): Promise<Date> {
  const recent = await store.getRecentAudits(LIMITS.AUDIT_PAGE_LIMIT_MAX)
  // Without those that the import wrote of itself, about rows that cannot be read.
  const record = recent.find(({ original }) => original !== undefined)
  const lastMs = record?.timestamp.getTime() ?? systemClock.now().getTime()
  const seenMs = unfinishedSession === undefined ? 0 : Date.parse(unfinishedSession.seenAt)
  // The service looks weeks back and an hour ahead, also where a clock stood at one of the ends of time.
  const nowMs = Math.max(lastMs, seenMs, LIMITS.INSTANT_MS_MIN + MONTH_MS) + 60_000
  return new Date(Math.min(nowMs, LIMITS.INSTANT_MS_MAX - MONTH_MS))
}

async function liveThroughACrash(path: string, now: Date): Promise<void> {
  heading('2. A day with the service')
  const acknowledged = await runUntilKilled(path, now)
  const { snapshot } = acknowledged
  const bookedMs = playedMs(snapshot)

  heading('3. After the crash')
  say(`The service was killed (SIGKILL) while ${snapshot?.activeSession?.entryId} ran and was booked every 30 s.`)
  const store = await openSqliteStore(path, { clock: manualClock(snapshot?.timestamp ?? now), create: false })
  const compared = await acknowledged.compareWith(store)
  sayTable([['', 'acknowledged', 'found'], ...compared.map((row) => [row.what, row.acknowledged, row.found])])
  const lost = compared.filter(({ kept }) => !kept)
  const verdict = lost.length === 0 ? 'Everything that was acknowledged is there.' : 'NOT AS IT WAS ACKNOWLEDGED:'
  check(lost.length === 0, verdict)
  for (const row of lost) say(`   ${row.what}: acknowledged ${row.acknowledged}, found ${row.found}`)

  const found = (await store.loadSnapshot())?.snapshot
  const moreMs = playedMs(found) - bookedMs
  if (moreMs > 0) say(`And ${duration(moreMs)} more: written, but the kill came before the service could say so.`)
  if (found !== undefined) await endLostSession(store, found)
  await store.close()
}

/** Runs the service, and kills it once enough was acknowledged. Returns all that was. */
async function runUntilKilled(path: string, now: Date): Promise<Acknowledged> {
  const acknowledged = new Acknowledged()
  const service = fork(join(import.meta.dirname, 'service.ts'), [path, now.toISOString()], {
    serialization: 'advanced', // which keeps Dates
  })
  // What it said before it was killed may be heard only afterwards.
  const ended = Promise.all([once(service, 'exit'), once(service, 'disconnect')])
  const timer = setTimeout(() => service.kill('SIGKILL'), SERVICE_TIMEOUT_MS)
  service.on('message', (message: ServiceMessage) => {
    if (message.type === 'said') return say(message.text)
    acknowledged.add(message)
    if (playedMs(acknowledged.snapshot) >= PLAYED_MS) service.kill('SIGKILL')
  })
  await ended
  clearTimeout(timer)
  if (playedMs(acknowledged.snapshot) >= PLAYED_MS) return acknowledged
  throw new Error(`the service ended before it was to be killed, or did nothing for ${duration(SERVICE_TIMEOUT_MS)}`)
}

/** What a service does when it starts again: the log says how the session ended, and the snapshot lets go of it. */
async function endLostSession(store: Store, snapshot: StateSnapshot): Promise<void> {
  if (snapshot.activeSession === undefined) return
  const { sessionId, entryId } = snapshot.activeSession
  const durationMs = playedMs(snapshot)
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
  say(`The log now says that ${entryId} ended after the ${duration(durationMs)} that are booked.`)
}

function lookFurther(path: string): void {
  heading('4. To look further')
  for (const command of ['status', 'usage --by month,entry', 'audit -n 5', 'verify']) {
    say(`npm run --silent shepherd-store -- --db ${inShell(path)} ${command}`)
  }
  say('\nThe first of them says now:\n')
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [...process.execArgv, COMMAND, '--db', path, 'status'],
    { encoding: 'utf8' },
  )
  check(status === 0, `${stdout}${stderr}`.trimEnd())
  say(`\nThe store stays until you remove ${inShell(resolve(path, '..'))}`)
}

/** As npm's commands take it, which run in the root of the repository. */
function inShell(path: string): string {
  const short = relative(ROOT, path)
  const shown = short.startsWith('..') || isAbsolute(short) ? path : short
  return /^[\w./:\\-]+$/.test(shown) ? shown : JSON.stringify(shown)
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

/** Says it, and where it does not hold, the example has failed. */
function check(holds: boolean, text: string): void {
  say(text)
  if (!holds) process.exitCode = 1
}

/** Names in a database may hold what would move the cursor. */
function say(text: string): void {
  console.log(text.replaceAll(/[^\P{Cc}\n]/gu, '·'))
}

try {
  await main(process.argv[2])
} catch (error) {
  console.error(isStoreError(error) ? error.message : error)
  process.exitCode = 1
}
