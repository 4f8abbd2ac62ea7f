import { type ForgetResult, isStoreError, type Store, StoreError } from '@shepherd-store/core'
import type { SqliteStore } from '@shepherd-store/sqlite'
import type { Command } from 'commander'
import { addCorrectionOptions, type CorrectionFlags, correctionOf } from '../correction.ts'
import { count } from '../format.ts'
import type { Io } from '../io.ts'
import type { Block, Report } from '../output.ts'
import { progressLine } from '../progress.ts'
import type { Shell } from '../shell.ts'

interface ForgetFlags extends CorrectionFlags {
  readonly yes?: true
}

/** What `forget --json` prints. */
interface ForgetData extends ForgetResult {
  readonly scope: string
  /** Whether the file was written anew, so that the erased bytes are gone from it. Always false on PostgreSQL. */
  readonly compacted: boolean
}

export function addForget(program: Command, shell: Shell): void {
  const command = program
    .command('forget')
    .description('Erase all that is kept of a scope: its usage, sessions and limits, and what the log tells of it.')
    .argument('<scope>', 'the scope that is to be forgotten')
    .option('--yes', 'it is meant: this cannot be undone')
  addCorrectionOptions(command, { operationId: false })
    .addHelpText(
      'after',
      '\nThe log keeps when and where something was recorded of the scope, and who had it forgotten, and why.' +
        '\nIt can be stopped at any time; the same command goes on.\n' +
        '\nExample: shepherd-store forget anna --why "she has moved out" --by dad --yes',
    )
    .action((scope: string, _flags: ForgetFlags, called: Command) => {
      const flags = called.optsWithGlobals<ForgetFlags>()
      if (flags.yes !== true) {
        throw new StoreError(
          'INVALID_ARGUMENT',
          `what is kept of scope ${scope} cannot be brought back: give --yes if it is meant`,
        )
      }
      return shell.interruptible((signal) =>
        shell.run(called, ({ store }) => forget(store, scope, flags, { io: shell.io, signal })),
      )
    })
}

interface Forgetting {
  readonly io: Io
  /** Aborted at Ctrl-C. */
  readonly signal: AbortSignal
}

async function forget(store: Store, scope: string, flags: ForgetFlags, { io, signal }: Forgetting): Promise<Report> {
  const { by, why } = correctionOf(flags, io.env)
  if (!(await isRecorded(store.view({ scope })))) {
    throw new StoreError('NOT_FOUND', `nothing is recorded of scope ${scope}; look at the name`)
  }
  const line = progressLine(io.stderr)
  try {
    const result = await store.forgetScope(scope, {
      ...{ by, why, signal },
      onProgress: ({ id, throughId }) => line.show({ phase: 'erased up to record', done: id, total: throughId }),
    })
    line.end()
    const data: ForgetData = { ...result, scope, compacted: isFile(store) }
    if (isFile(store)) await compact(store)
    return { data, text: () => forgetText(data), problems: false }
  } finally {
    line.end()
  }
}

/** Whether anything is kept of the store's scope: the log would tell for ever that somebody was forgotten who never was. */
async function isRecorded(store: Store): Promise<boolean> {
  try {
    if ((await store.listAudits({ limit: 1 })).length > 0) return true
    if ((await store.listSessions({ limit: 1 })).length > 0) return true
    if ([...(await store.getDayState(store.today()))].length > 0) return true
    if ((await store.loadSnapshot()) !== undefined) return true
    // As many days as one query takes.
    for (let year = 1970; year < LAST_YEAR; year += 100) {
      const to = Math.min(year + 100, LAST_YEAR)
      if ((await store.listUsage({ from: `${year}-01-01`, to: `${to}-01-01` })).length > 0) return true
    }
    return false
  } catch (error) {
    // What cannot be read, or is too much to be added up, is something.
    if (isStoreError(error, 'MALFORMED', 'INVALID_ARGUMENT')) return true
    throw error
  }
}

const LAST_YEAR = 9999

async function compact(store: SqliteStore): Promise<void> {
  try {
    await store.compact()
  } catch (error) {
    if (!isStoreError(error)) throw error
    const message = `the scope is forgotten, but its bytes may still be in the file, which could not be written anew: ${error.message}; give the same command again`
    throw new StoreError(error.code, message, { cause: error })
  }
}

function isFile(store: Store): store is SqliteStore {
  return 'compact' in store
}

function forgetText({ scope, erased, archivedThroughId, compacted }: ForgetData): readonly Block[] {
  const what = `All that was kept of scope ${scope} is erased, and ${count(erased, 'record')} of the log with it.`
  return [
    { text: what, style: 'green' },
    compacted
      ? 'The file was written anew: nothing of it is left there.'
      : 'Until the database has reused their room, the bytes may still be on its disk: on PostgreSQL, VACUUM (FULL) rewrites the tables.',
    ...(archivedThroughId === undefined
      ? []
      : [`Records 1 to ${archivedThroughId} were archived before: what they tell of the scope is still there.`]),
    'Backups are to be dealt with, too.',
  ]
}
