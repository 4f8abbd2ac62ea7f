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
  readonly scope?: string
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
      if (flags.scope !== undefined && flags.scope !== scope) {
        throw new StoreError(
          'INVALID_ARGUMENT',
          `forget erases the scope that is its argument, ${scope}: leave --scope out`,
        )
      }
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
  const line = progressLine(io.stderr)
  try {
    const result = await store.forgetScope(scope, {
      // The log would tell for ever that somebody was forgotten who never was.
      ...{ by, why, mustBeKnown: true, signal },
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
      : [
          `Records 1 to ${archivedThroughId} are in archives: what went there before the scope was forgotten still tells of it.`,
        ]),
    'Backups are to be dealt with, too, and what a prune that was stopped has left in its directory.',
  ]
}
