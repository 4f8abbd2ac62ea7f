import {
  type AuditHead,
  type Capabilities,
  type Day,
  type DriverStatus,
  type DurationMs,
  type HealthProblem,
  isStoreError,
  type NodeId,
  type SavedSnapshot,
  type Scope,
  type Store,
} from '@shepherd-store/core'
import type { Command } from 'commander'
import { count, duration, type InstantFormat, instantFormat, number, size } from '../format.ts'
import { type Block, facts, type Report } from '../output.ts'
import type { Opened, Shell } from '../shell.ts'
import { cooldownsAt, unreadableCooldown } from './cooldowns.ts'

/** What `status --json` prints. */
interface StatusData {
  readonly healthy: boolean
  readonly checkedAt: Date
  readonly problems: readonly HealthProblem[]
  /** The path, or the URL without its password. */
  readonly where: string
  /** Absent when the database did not answer. */
  readonly database?: DriverStatus
  readonly capabilities: Capabilities
  readonly calendar: { readonly timeZone: string; readonly dayStart: string }
  readonly node: NodeId
  readonly scope: Scope
  readonly today: Day
  /** Absent when it could not be read. */
  readonly contents?: Contents
}

interface Contents {
  /** How many records the log has, and the last one. */
  readonly records: number
  readonly head?: AuditHead & { readonly timestamp: Date }
  readonly entriesToday: number
  readonly usedTodayMs: DurationMs
  readonly cooldownsRunning: number
  /** Of the node. Absent when there is none, or it cannot be read. */
  readonly snapshot?: SavedSnapshot
}

export function addStatus(program: Command, shell: Shell): void {
  program
    .command('status')
    .description('Show whether the store is well, where it is, and what is in it.')
    .addHelpText(
      'after',
      '\nExample: shepherd-store status --db postgres://shepherd@db.school.example/shepherd --node lab-7',
    )
    .action((_flags: unknown, command: Command) => shell.run(command, status))
}

async function status({ store, where }: Opened): Promise<Report> {
  const { node, scope, capabilities, calendar } = store
  const { healthy, checkedAt, problems: found, database } = await store.health()
  const problems = [...found]
  const contents = healthy ? await attempt(() => contentsOf(store, problems), problems) : undefined
  const data: StatusData = {
    healthy: problems.length === 0,
    checkedAt,
    problems,
    where,
    ...(database === undefined ? {} : { database }),
    capabilities,
    calendar: { timeZone: calendar.timeZone, dayStart: calendar.dayStart },
    node,
    scope,
    today: store.today(),
    ...(contents === undefined ? {} : { contents }),
  }
  return { data, text: () => statusText(data), problems: !data.healthy }
}

/** What cannot be read is added to `problems`. */
async function contentsOf(store: Store, problems: HealthProblem[]): Promise<Contents> {
  const [last] = await store.listAudits({ order: 'desc', limit: 1, scope: 'all' })
  const entries = [...(await store.getDayState(store.today()))]
  const cooldowns = cooldownsAt(store.clock.now(), entries)
  const snapshot = await attempt(() => store.loadSnapshot(), problems)
  for (const entryId of cooldowns.unreadable) problems.push(malformed(unreadableCooldown(entryId)))
  for (const { entryId, unreadable } of await store.listUsage({ ...EVER, by: ['entry'] })) {
    if (unreadable > 0)
      problems.push(malformed(`${count(unreadable, 'row')} of the usage of ${entryId} cannot be read.`))
  }
  return {
    records: last?.id ?? 0,
    ...(last === undefined ? {} : { head: { id: last.id, hash: last.hash, timestamp: last.timestamp } }),
    entriesToday: entries.filter(({ usedMs }) => usedMs > 0).length,
    usedTodayMs: entries.reduce((all, { usedMs }) => all + usedMs, 0),
    cooldownsRunning: cooldowns.cooldowns.length,
    ...(snapshot === undefined ? {} : { snapshot }),
  }
}

/** The hundred years that one query may ask for. */
const EVER = { from: '1970-01-01', to: '2070-01-01' } as const

async function attempt<T>(read: () => Promise<T>, problems: HealthProblem[]): Promise<T | undefined> {
  try {
    return await read()
  } catch (error) {
    if (!isStoreError(error)) throw error
    problems.push({ code: error.code, message: error.message })
    return undefined
  }
}

function malformed(message: string): HealthProblem {
  return { code: 'MALFORMED', message }
}

function statusText(data: StatusData): readonly Block[] {
  const { healthy, problems, where, database, capabilities, calendar, node, scope, today, contents } = data
  const durable = capabilities.durability === 'power_loss'
  const table = facts([
    [
      'Health',
      healthy ? { text: 'healthy', style: 'green' } : { text: count(problems.length, 'problem'), style: 'red' },
    ],
    ['Database', where],
    ['Backend', database === undefined ? 'no answer' : backendText(database)],
    ['Durable', durable ? 'yes: what was acknowledged outlives a power cut' : 'no: it is gone when the process ends'],
    ['Days', `of ${calendar.timeZone}, from ${calendar.dayStart} on; today is ${today}`],
    ['Node', `${node}, scope ${scope}`],
    ...(contents === undefined ? [] : contentsText(contents, instantFormat(calendar.timeZone))),
  ])
  return [table, ...problems.map(({ code, message }): Block => ({ text: `${code}: ${message}`, style: 'red' }))]
}

function backendText({ backend, version, schemaVersion, sizeBytes }: DriverStatus): string {
  return `${backend} ${version}, schema ${schemaVersion}${sizeBytes === undefined ? '' : `, ${size(sizeBytes)}`}`
}

function contentsText(contents: Contents, instant: InstantFormat): readonly (readonly [name: string, value: string])[] {
  const { records, head, entriesToday, usedTodayMs, cooldownsRunning, snapshot } = contents
  return [
    ['Log', count(records, 'record') + (head === undefined ? '' : `, the last of ${instant(head.timestamp)}`)],
    [
      'Today',
      entriesToday === 0
        ? 'nothing used'
        : `${count(entriesToday, 'entry', 'entries')} used for ${duration(usedTodayMs)}`,
    ],
    ['Cooldowns', `${number(cooldownsRunning)} running`],
    ['Snapshot', snapshot === undefined ? 'none' : snapshotText(snapshot, instant)],
  ]
}

function snapshotText({ snapshot, revision }: SavedSnapshot, instant: InstantFormat): string {
  const { timestamp, activeSession } = snapshot
  const session = activeSession === undefined ? 'no session' : `a session of ${activeSession.entryId}`
  return `revision ${number(revision)} of ${instant(timestamp)}, ${session}`
}
