import { type AuditQuery, type EntryId, type SessionId, type Store, StoreError } from '@shepherd-store/core'
import type { Command } from 'commander'
import { idArgument, listArgument } from './arguments.ts'
import { typesLike } from './event-types.ts'
import { instantFormat, visible } from './format.ts'
import type { Io } from './io.ts'
import type { GlobalFlags } from './shell.ts'
import { type Moment, TIME_EXAMPLES, timeArgument } from './time-argument.ts'

/** Which records are meant; with `node` and `scope`, which every command takes. */
export interface FilterFlags extends GlobalFlags {
  readonly since?: Moment
  readonly until?: Moment
  readonly type?: readonly string[]
  readonly entry?: EntryId
  readonly session?: SessionId
  readonly allScopes?: boolean
  readonly after?: number
}

/** Whoever goes on with what is still to come has no use for `--until`. */
export function addFilterOptions(command: Command, { until }: { readonly until: boolean }): Command {
  command.option('--since <time>', `only what was recorded then or later: ${TIME_EXAMPLES}`, timeArgument)
  if (until) command.option('--until <time>', 'only what was recorded before then', timeArgument)
  return command
    .option('--type <names>', 'only events of this type, or of several, with commas between them', listArgument)
    .option('--entry <id>', 'only about this entry')
    .option('--session <id>', 'only about this session')
    .option('--all-scopes', 'of every scope')
    .option('--after <id>', 'only behind this record', idArgument)
}

/** Says on stderr which type may be meant where none is known by the name. */
export function hintAtTypes({ type: names = [] }: FilterFlags, { stderr }: Io): void {
  for (const name of names) {
    const meant = typesLike(name)
    if (meant.length === 0) continue
    stderr.write(
      `shepherd-store: ${visible(name)} is no event of Shepherd's own; did you mean ${meant.join(' or ')}?\n`,
    )
  }
}

/** @throws StoreError `INVALID_ARGUMENT` when nothing at all can be meant. */
export function auditQuery(flags: FilterFlags, { clock, calendar }: Store): AuditQuery {
  const { since, until, type: types, entry: entryId, session: sessionId, node, scope, allScopes = false, after } = flags
  if (allScopes && scope !== undefined) {
    throw new StoreError('INVALID_ARGUMENT', 'give --scope or --all-scopes, not both')
  }
  const now = clock.now()
  const from = since?.(now, calendar)
  const to = until?.(now, calendar)
  if (from !== undefined && to !== undefined && from >= to) {
    const [first, last] = [from, to].map(instantFormat(calendar.timeZone))
    throw new StoreError('INVALID_ARGUMENT', `there is no time from ${first} to ${last}: --since comes before --until`)
  }
  return { from, to, types, entryId, sessionId, node, scope: allScopes ? 'all' : undefined, after }
}

/** Said where no record was found. */
export async function nothingText(flags: FilterFlags, store: Store): Promise<string> {
  const { since, until, type, entry, session, node, after, allScopes = false } = flags
  const filtered = [since, until, type, entry, session, node, after].some((filter) => filter !== undefined)
  const where = allScopes ? 'any scope' : `scope ${store.scope}`
  const nothing = `Nothing${filtered ? ' that was asked for' : ''} is recorded in ${where}`
  if (after === undefined) return `${nothing}.`
  const head = await store.auditHead()
  return head === undefined || head.id > after ? `${nothing}.` : `${nothing}: the log ends with record ${head.id}.`
}
