import { isStoreError, type Store } from '@shepherd-store/core'
import type { Command } from 'commander'
import { firstRecord } from '../archived.ts'
import { count } from '../format.ts'
import type { Report } from '../output.ts'
import { openSessions } from '../session-list.ts'
import { problemText } from '../session-text.ts'
import type { Opened, Shell } from '../shell.ts'
import { Silence } from '../silence.ts'
import { cooldownsAt, unreadableCooldown } from './cooldowns.ts'
import type { Contents, StatusData, StatusProblem } from './status-data.ts'
import { statusText } from './status-text.ts'

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
  const { healthy, checkedAt, problems: found, database, clockSkewMs } = await store.health()
  const problems = [...found]
  const silence = healthy ? await attempt(() => Silence.read(store), problems) : undefined
  const contents = silence && (await attempt(() => contentsOf(store, silence, problems), problems))
  const data: StatusData = {
    healthy: problems.length === 0,
    checkedAt,
    problems,
    where,
    ...(database === undefined ? {} : { database }),
    ...(clockSkewMs === undefined ? {} : { clockSkewMs }),
    capabilities,
    calendar: { timeZone: calendar.timeZone, dayStart: calendar.dayStart },
    node,
    scope,
    today: store.today(),
    ...(contents === undefined ? {} : { contents }),
  }
  return { data, text: () => statusText(data, silence), problems: !data.healthy }
}

/** What cannot be read is added to `problems`. */
async function contentsOf(store: Store, silence: Silence, problems: StatusProblem[]): Promise<Contents> {
  const [last] = await store.listAudits({ order: 'desc', limit: 1, scope: 'all' })
  const first = last === undefined ? undefined : await firstRecord(store)
  const now = store.clock.now()
  const today = store.today()
  const entries = [...(await store.getDayState(today))]
  const cooldowns = cooldownsAt(now, entries)
  const open = await openSessions(store)
  const snapshot = await attempt(() => store.loadSnapshot(), problems)
  for (const entryId of cooldowns.unreadable) problems.push(malformed(unreadableCooldown(entryId)))
  for (const { entryId, unreadable } of entries) {
    if (unreadable.includes('grant'))
      problems.push(malformed(`The extra time of ${entryId} on ${today} cannot be read; repair its row.`))
  }
  for (const session of open) {
    if (session.problem !== undefined) problems.push(malformed(problemText(session, session.problem)))
  }
  for (const { entryId, unreadable } of await store.listUsage({ ...EVER, by: ['entry'] })) {
    if (unreadable > 0)
      problems.push(malformed(`${count(unreadable, 'row')} of the usage of ${entryId} cannot be read.`))
  }
  return {
    records: last === undefined || first === undefined ? 0 : last.id - first.id + 1,
    ...(last === undefined ? {} : { head: { id: last.id, hash: last.hash, timestamp: last.timestamp } }),
    entriesToday: entries.filter(({ usedMs }) => usedMs > 0).length,
    usedTodayMs: entries.reduce((all, { usedMs }) => all + usedMs, 0),
    grantedToday: entries.flatMap(({ entryId, grantedMs, usedMs }) =>
      grantedMs === 0 ? [] : [{ entryId, grantedMs, usedMs }],
    ),
    cooldownsRunning: cooldowns.cooldowns.length,
    openSessions: open.length,
    silentSessions: open.filter((session) => silence.isLong(session)),
    ...(snapshot === undefined ? {} : { snapshot }),
  }
}

/** The hundred years that one query may ask for. */
const EVER = { from: '1970-01-01', to: '2070-01-01' } as const

async function attempt<T>(read: () => Promise<T>, problems: StatusProblem[]): Promise<T | undefined> {
  try {
    return await read()
  } catch (error) {
    if (!isStoreError(error)) throw error
    problems.push({ code: error.code, message: error.message })
    return undefined
  }
}

function malformed(message: string): StatusProblem {
  return { code: 'MALFORMED', message }
}
