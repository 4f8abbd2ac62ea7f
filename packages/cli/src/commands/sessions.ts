import type { EntryId, SessionRecord, Store } from '@shepherd-store/core'
import type { Command } from 'commander'
import { countArgument } from '../arguments.ts'
import { ago, beside, instantFormat } from '../format.ts'
import type { Block, Cell, Report } from '../output.ts'
import { readSessions } from '../session-list.ts'
import { endText, entryText, playedText } from '../session-text.ts'
import type { GlobalFlags, Shell } from '../shell.ts'
import { Silence } from '../silence.ts'
import { addSessionsRecover } from './sessions-recover.ts'

interface SessionsFlags extends GlobalFlags {
  readonly open?: true
  readonly entry?: EntryId
  readonly allScopes?: boolean
  readonly number: number
}

/** What `sessions --json` prints. */
interface SessionsData {
  /** The instant for which it holds, by the clock of this machine. */
  readonly at: Date
  /** The last to start first. An instant that cannot be read is `null`. */
  readonly sessions: readonly SessionRecord[]
  /** Whether there are older ones. */
  readonly more: boolean
}

const SESSIONS_DEFAULT = 20
const SESSIONS_MAX = 10_000

export function addSessions(program: Command, shell: Shell): void {
  const command = program
    .command('sessions')
    .description('Show the last sessions, newest first: since when, how long, and how each ended.')
    .option('--open', 'only those that have not ended')
    .option('--entry <id>', 'only of this entry')
    .option('--all-scopes', 'of every scope')
    .option('-n, --number <count>', 'how many', countArgument(SESSIONS_MAX), SESSIONS_DEFAULT)
    .addHelpText('after', '\nExample: shepherd-store sessions --open --all-scopes')
    .action((_flags: SessionsFlags, called: Command) =>
      shell.run(called, ({ store }) => sessions(store, called.optsWithGlobals<SessionsFlags>())),
    )
  addSessionsRecover(command, shell)
}

async function sessions(store: Store, flags: SessionsFlags): Promise<Report> {
  const { open, entry: entryId, node, allScopes = false, number } = flags
  const at = store.clock.now()
  const found: SessionRecord[] = []
  for await (const session of readSessions(store, { open, entryId, node, scope: allScopes ? 'all' : undefined })) {
    found.push(session)
    if (found.length > number) break
  }
  const silence = await Silence.read(store)
  const data: SessionsData = { at, sessions: found.slice(0, number), more: found.length > number }
  const text = (): readonly Block[] => sessionsText(data, { flags, store, silence })
  return { data, text, problems: data.sessions.some(({ problem }) => problem !== undefined) }
}

function sessionsText(
  { sessions: listed, more }: SessionsData,
  { flags, store, silence }: { readonly flags: SessionsFlags; readonly store: Store; readonly silence: Silence },
): readonly Block[] {
  if (listed.length === 0) return [noneText(flags, store)]
  const { timeZone } = store.calendar
  const instant = instantFormat(timeZone)
  const { allScopes = false } = flags
  return [
    {
      columns: [
        { title: `Started (${timeZone})` },
        { title: 'Until' },
        { title: 'Played', align: 'right' },
        { title: 'Node' },
        ...(allScopes ? [{ title: 'Scope' }] : []),
        { title: 'What' },
      ],
      rows: listed.map((session) => {
        const { startedAt, lastReportedAt, endedAt = lastReportedAt, node, scope } = session
        return [
          instant(startedAt),
          beside(startedAt, instant)(endedAt),
          playedText(session),
          node,
          ...(allScopes ? [scope] : []),
          what(session, silence),
        ]
      }),
    },
    ...(more ? [`There are older ones: -n ${listed.length * 2} shows more.`] : []),
  ]
}

function noneText({ open, entry, node, allScopes = false }: SessionsFlags, { scope }: Store): string {
  const which = `session${entry === undefined ? '' : ` of ${entry}`}`
  const where = `${node === undefined ? '' : ` on ${node}`} in ${allScopes ? 'any scope' : `scope ${scope}`}`
  return `No ${which} is ${open === undefined ? 'recorded' : 'open'}${where}.`
}

/** The entry and how its session stands: the longest, and so the last, as it is wrapped on a terminal. */
function what(session: SessionRecord, silence: Silence): Cell {
  const { endedAt, endReason, problem } = session
  const open = endedAt === undefined
  const state = open ? `open, heard of ${ago(silence.ofMs(session))}` : endText(endReason)
  const text = `${entryText(session)}: ${state}`
  if (problem !== undefined) return { text: `${text}; its row cannot be read: ${problem}`, style: 'red' }
  return open ? { text, style: silence.isLong(session) ? 'yellow' : 'green' } : text
}
