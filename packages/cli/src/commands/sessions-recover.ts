import {
  type DurationMs,
  isStoreError,
  recoverSession,
  type SessionId,
  type SessionRecord,
  type Store,
  StoreError,
} from '@shepherd-store/core'
import type { Command } from 'commander'
import { durationArgument } from '../arguments.ts'
import { ago, beside, duration, type InstantFormat, instantFormat } from '../format.ts'
import type { Block, Report } from '../output.ts'
import { readSessions } from '../session-list.ts'
import { endText, entryText, playedText } from '../session-text.ts'
import type { GlobalFlags, Shell } from '../shell.ts'
import { SILENT_MS, Silence } from '../silence.ts'
import { refuseOptionsOf } from '../subcommand.ts'

interface RecoverFlags extends GlobalFlags {
  readonly all?: boolean
  readonly allScopes?: boolean
  readonly silentFor?: DurationMs
  readonly cooldown?: DurationMs
}

/** What `sessions recover --json` prints. */
interface RecoverData {
  /** When it looked, by the clock of this machine. */
  readonly at: Date
  /** What became of each, the last to start first. Empty: there was nothing to recover. */
  readonly sessions: readonly Recovery[]
}

interface Recovery {
  /**
   * `heard_of`: left alone, as its machine may still run it: it reported within `--silent-for`, or has booked ahead.
   * `malformed`: what is stored cannot be read.
   */
  readonly result: 'recovered' | 'heard_of' | 'ended_before' | 'malformed'
  readonly session: SessionRecord
  /** When the entry becomes available again. Absent unless it was recovered with a cooldown. */
  readonly cooldownUntil?: Date
  /** Of `malformed`: why, and what to do. */
  readonly problem?: string
}

export function addSessionsRecover(sessions: Command, shell: Shell): void {
  sessions
    .command('recover')
    .description(
      'End a session whose machine is gone, with what is booked, as of when it was last heard of. It may be repeated, and ' +
        'from any machine: if the session runs after all, what its machine reports later is booked still.',
    )
    .argument('[session]', 'its id, as sessions --json has it (default: the one that is open on the node)')
    .option('--all', 'every open one, of the node if --node is given')
    .option('--all-scopes', 'of every scope')
    .option(
      '--silent-for <duration>',
      `leave alone what was heard of within it (default: ${duration(SILENT_MS)} with --all, else 0 s)`,
      durationArgument(0),
    )
    .option(
      '--cooldown <duration>',
      'how long the entry rests from then on (default: no cooldown)',
      durationArgument(0),
    )
    .addHelpText(
      'after',
      '\nExamples: shepherd-store sessions recover --node lab-7 --cooldown 10m' +
        '\n          shepherd-store sessions recover --all --all-scopes --silent-for 1h',
    )
    .action((sessionId: SessionId | undefined, _flags: RecoverFlags, command: Command) => {
      // `--entry` of `sessions` would choose nothing, and all would be recovered.
      refuseOptionsOf(sessions, command)
      return shell.run(command, ({ store }) => recover(store, sessionId, command.optsWithGlobals<RecoverFlags>()), {
        actAs: 'this_machine',
      })
    })
}

async function recover(store: Store, sessionId: SessionId | undefined, flags: RecoverFlags): Promise<Report> {
  const { all = false, cooldown: cooldownMs } = flags
  if (all && sessionId !== undefined) throw new StoreError('INVALID_ARGUMENT', 'give a session or --all, not both')
  const silentForMs = flags.silentFor ?? (all ? SILENT_MS : 0)
  const at = store.clock.now()
  const sessions: Recovery[] = []
  const found = await chosen(store, sessionId, flags)
  const silence = await Silence.read(store)
  for (const session of found) {
    const isHeardOf = session.endedAt === undefined && silence.isShorter(session, silentForMs)
    // The store compares the two machines' clocks as they are; here it is known how far they are apart.
    const options = { silentForMs: Math.max(0, silentForMs - silence.aheadMs(session)), cooldownMs }
    const recovery = isHeardOf
      ? ({ result: 'heard_of', session } as const)
      : await recoverOne(store.view({ scope: session.scope }), session, options)
    sessions.push(recovery)
  }
  const data: RecoverData = { at, sessions }
  const text = (): readonly Block[] => recoverText(data, { flags, store, silence })
  return { data, text, problems: sessions.some(hasProblem) }
}

/** Also what was recovered without a part of its row. */
function hasProblem({ result, session: { endReason } }: Recovery): boolean {
  const isPartial = result === 'recovered' && endReason?.type === 'recovered' && endReason.problem !== undefined
  return isPartial || result === 'malformed'
}

/** All of them before the first is recovered. @throws StoreError `NOT_FOUND` when there is no session with the id. */
async function chosen(
  store: Store,
  sessionId: SessionId | undefined,
  { node, all = false, allScopes = false }: RecoverFlags,
): Promise<readonly SessionRecord[]> {
  const scope = allScopes ? 'all' : undefined
  if (sessionId === undefined) {
    const found: SessionRecord[] = []
    const query = { open: true, node: all ? node : (node ?? store.node), scope } as const
    for await (const session of readSessions(store, query)) found.push(session)
    return found
  }
  const found = await store.listSessions({ sessionId, node, scope })
  if (found.length > 0) return found
  const where = `${node === undefined ? '' : ` on ${node}`} in ${allScopes ? 'any scope' : `scope ${store.scope}`}`
  throw new StoreError('NOT_FOUND', `there is no session ${sessionId}${where}; see shepherd-store sessions --json`)
}

/** Through a store in the session's own scope. */
async function recoverOne(
  store: Store,
  session: SessionRecord,
  { silentForMs, cooldownMs }: { readonly silentForMs: DurationMs; readonly cooldownMs: DurationMs | undefined },
): Promise<Recovery> {
  if (session.endedAt !== undefined) return { result: 'ended_before', session }
  const { sessionId, entryId } = session
  try {
    const recovered = await recoverSession(store, { sessionId, silentForMs, cooldownMs })
    if (recovered !== undefined) {
      const cooldownUntil = cooldownMs === undefined ? undefined : await store.getCooldownUntil(entryId)
      return { result: 'recovered', session: recovered, ...(cooldownUntil === undefined ? {} : { cooldownUntil }) }
    }
  } catch (error) {
    // One row that cannot be read does not keep the others from being recovered.
    if (!isStoreError(error, 'MALFORMED')) throw error
    return { result: 'malformed', session, problem: error.message }
  }
  const [now = session] = await store.listSessions({ sessionId })
  return { result: now.endedAt === undefined ? 'heard_of' : 'ended_before', session: now }
}

interface Shown {
  readonly flags: RecoverFlags
  readonly store: Store
  readonly silence: Silence
}

function recoverText({ at, sessions }: RecoverData, { flags, store, silence }: Shown): readonly Block[] {
  const { node, all = false, allScopes = false } = flags
  const instant = instantFormat(store.calendar.timeZone)
  if (sessions.length > 0)
    return sessions.map((recovery) => recoveryText(recovery, { at, silence, allScopes, instant }))
  const asked = all ? node : (node ?? store.node)
  const where = `${asked === undefined ? '' : ` on ${asked}`} in ${allScopes ? 'any scope' : `scope ${store.scope}`}`
  return [
    `There is nothing to recover: no session is open${where}.`,
    ...(asked === undefined && allScopes ? [] : ['What is open anywhere: shepherd-store sessions --open --all-scopes']),
  ]
}

function recoveryText(
  { result, session, cooldownUntil, problem }: Recovery,
  {
    at,
    silence,
    allScopes,
    instant,
  }: { readonly at: Date; readonly silence: Silence; readonly allScopes: boolean; readonly instant: InstantFormat },
): Block {
  const { node, scope, lastReportedAt, endedAt = lastReportedAt, endReason } = session
  const named = `${entryText(session)} on ${node}${allScopes ? ` in scope ${scope}` : ''}`
  switch (result) {
    case 'recovered': {
      const rest = cooldownUntil === undefined ? '' : `, cooldown ${restText(cooldownUntil, { at, endedAt, instant })}`
      const text = `Recovered ${named}: ended as of ${instant(endedAt)}, ${playedText(session)} booked${rest}.`
      if (endReason?.type !== 'recovered' || endReason.problem === undefined) return text
      return { text: `${text} A part of its row could not be read: ${endReason.problem}.`, style: 'red' }
    }
    case 'heard_of':
      return `Left alone ${named}: heard of ${ago(silence.ofMs(session))}${aheadText(session)}.`
    case 'ended_before':
      return `Nothing to recover of ${named}: ended before, at ${instant(endedAt)}, ${endText(endReason)}.`
    case 'malformed':
      return { text: `Could not recover ${named}: ${problem ?? ''}`, style: 'red' }
  }
}

function aheadText({ reserved }: SessionRecord): string {
  return reserved === undefined ? '' : `, with ${duration(reserved.durationMs)} booked ahead that it may still play`
}

function restText(
  until: Date,
  { at, endedAt, instant }: { readonly at: Date; readonly endedAt: Date; readonly instant: InstantFormat },
): string {
  return `until ${beside(endedAt, instant)(until)}${until <= at ? ', which is over' : ''}`
}
