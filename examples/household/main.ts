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
  recoverSession,
  type SessionId,
  type SessionRecord,
  type Store,
  systemClock,
} from '@shepherd-store/core'
import { createMemoryStore } from '@shepherd-store/memory'
import { openSqliteStore } from '@shepherd-store/sqlite'
import { importRustStore, type RustImportReport } from '@shepherd-store/sqlite/rust'
import { Acknowledged, CHECKPOINT_MS } from './acknowledged.ts'
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
  if (unfinishedSession?.result === 'opened') {
    const { entryId, startedAt, playedMs } = unfinishedSession
    const since = dateAndTime(new Date(startedAt), store)
    say(`When the old service was last seen, ${entryId} was running, since ${since}: it is an open session here, too.`)
    say(`Its ${duration(playedMs)} are booked once it ends.`)
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
  const { acknowledged, session } = await runUntilKilled(path, now)

  heading('3. After the crash')
  say(`The service was killed (SIGKILL) while ${session.entryId} was played, with a checkpoint every 30 s.`)
  // A minute passes, which nobody plays.
  const clock = manualClock(new Date(session.lastReportedAt.getTime() + 60_000))
  const store = await openSqliteStore(path, { clock, create: false })
  const compared = await acknowledged.compareWith(store)
  sayTable([['', 'acknowledged', 'found'], ...compared.map((row) => [row.what, row.acknowledged, row.found])])
  const lost = compared.filter(({ kept }) => !kept)
  const verdict = lost.length === 0 ? 'Everything that was acknowledged is there.' : 'NOT AS IT WAS ACKNOWLEDGED:'
  check(lost.length === 0, verdict)
  for (const row of lost) say(`   ${row.what}: acknowledged ${row.acknowledged}, found ${row.found}`)
  await recoverAfter(session, store)
  await store.close()
}

interface Killed {
  /** All that was acknowledged before. */
  readonly acknowledged: Acknowledged
  /** The session that nobody ended, as it was last acknowledged. */
  readonly session: SessionRecord
}

/** Runs the service, and kills it once enough of its last session was acknowledged. */
async function runUntilKilled(path: string, now: Date): Promise<Killed> {
  const acknowledged = new Acknowledged()
  let last: SessionId | undefined
  const killed = (): SessionRecord | undefined => {
    const session = last === undefined ? undefined : acknowledged.session(last)
    return session !== undefined && session.durationMs >= PLAYED_MS ? session : undefined
  }
  const service = fork(join(import.meta.dirname, 'service.ts'), [path, now.toISOString()], {
    serialization: 'advanced', // which keeps Dates
  })
  // What it said before it was killed may be heard only afterwards.
  const ended = Promise.all([once(service, 'exit'), once(service, 'disconnect')])
  const timer = setTimeout(() => service.kill('SIGKILL'), SERVICE_TIMEOUT_MS)
  service.on('message', (message: ServiceMessage) => {
    if (message.type === 'said') return say(message.text)
    if (message.type === 'acknowledged') acknowledged.add(message)
    else last = message.sessionId
    if (killed() !== undefined) service.kill('SIGKILL')
  })
  await ended
  clearTimeout(timer)
  const session = killed()
  if (session !== undefined) return { acknowledged, session }
  throw new Error(`the service ended before it was to be killed, or did nothing for ${duration(SERVICE_TIMEOUT_MS)}`)
}

/** What a service does when it starts again and the game is gone: `acknowledged` ends with what it had reported. */
async function recoverAfter(acknowledged: SessionRecord, store: Store): Promise<void> {
  const { sessionId, entryId } = acknowledged
  const [found] = await store.listSessions({ sessionId })
  const foundMs = found?.durationMs ?? 0
  const moreMs = foundMs - acknowledged.durationMs
  if (moreMs > 0) say(`And ${duration(moreMs)} more: written, but the kill came before the service could say so.`)
  const recovered = await recoverSession(store)
  check(
    recovered?.sessionId === sessionId && recovered.durationMs === foundMs,
    `The session of ${entryId} is recovered: it has ended with the ${duration(recovered?.durationMs ?? 0)} that it had reported.`,
  )
  const again = await recoverSession(store)
  check(again === undefined, `A second recovery finds ${again === undefined ? 'nothing' : again.entryId}.`)
  const { intact, checked, firstBreak } = await store.verifyAudits()
  check(intact, firstBreak?.message ?? `The log has ${records(checked)}, each as it was written.`)
}

function lookFurther(path: string): void {
  heading('4. To look further')
  for (const command of [
    'status',
    'usage --by month,entry --from 2020-01-01',
    'sessions',
    'audit -n 5',
    'audit verify',
  ]) {
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
