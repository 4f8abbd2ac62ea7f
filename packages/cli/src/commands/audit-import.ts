import { type ImportAuditsResult, isStoreError, type OwnedStore, type Store, StoreError } from '@shepherd-store/core'
import type { Command } from 'commander'
import { count, jsonLine } from '../format.ts'
import type { Io } from '../io.ts'
import { openStore, type OpenStoreOptions } from '../open-store.ts'
import type { Block, Report } from '../output.ts'
import { isPiped, openPiped } from '../piped-source.ts'
import { progressLine } from '../progress.ts'
import { addNewStoreOptions, calendarOf, type NewStoreFlags, openRehearsal, rehearse } from '../rehearsal.ts'
import type { Shell } from '../shell.ts'
import { refuseOptionsOf } from '../subcommand.ts'

export function addAuditImport(audit: Command, shell: Shell): void {
  const command = audit
    .command('import')
    .description(
      'Take up the log of another store, with its ids and hashes: into a new store, or behind the records that come before.',
    )
    .argument('<path>', 'an archive, a directory of archives, an export in JSON Lines, or - for standard input')
  addNewStoreOptions(command)
    .addHelpText(
      'after',
      '\nEach record is proven before it is taken up. It may be repeated: what is there already is compared and left alone.' +
        '\nA database is made once the first records were proven; for standard input or a FIFO, before they are read.\n' +
        '\nExample: shepherd-store --db new.db audit import /mnt/archive',
    )
    .action((path: string, _flags: NewStoreFlags, called: Command) => {
      refuseOptionsOf(audit, called)
      return shell.interruptible(
        (signal) =>
          shell.run(called, ({ store }) => importLog(store, path, { io: shell.io, signal }), {
            actAs: 'this_machine',
            calendar: calendarOf(called.optsWithGlobals<NewStoreFlags>()),
            whenMissing: (where, options) =>
              isPiped(path) ? openStore(where, options) : openProven(path, where, options, signal),
          }),
        stopped(0),
      )
    })
}

/** Opens a new store once the source's first records were proven. For a source without any, none is made. */
async function openProven(
  path: string,
  where: string,
  options: OpenStoreOptions,
  signal: AbortSignal,
): Promise<OwnedStore> {
  const rehearsal = await openRehearsal(options)
  try {
    const { begun } = await rehearse(signal, (each) => rehearsal.importAudits(path, each))
    if (!begun) return rehearsal
  } catch (error) {
    await rehearsal.close()
    throw isStoreError(error, 'ABORTED') ? stopped(0) : error
  }
  await rehearsal.close()
  return openStore(where, options)
}

interface Importing {
  readonly io: Io
  /** Aborted at Ctrl-C. */
  readonly signal: AbortSignal
}

/** Its data is the `ImportAuditsResult` itself. */
async function importLog(store: Store, path: string, { io, signal }: Importing): Promise<Report> {
  const line = progressLine(io.stderr)
  const piped = isPiped(path) ? openPiped(path) : undefined
  let reached: ImportAuditsResult = { imported: 0, present: 0, beforeStart: 0 }
  try {
    const result = await store.importAudits(piped?.text ?? path, {
      signal,
      onProgress(progress) {
        reached = progress
        // How many there are, the source does not tell.
        const done = progress.imported + progress.present + progress.beforeStart
        line.show({ phase: 'imported', done, total: done })
      },
    })
    return { data: result, text: () => importText(result), problems: false }
  } catch (error) {
    if (isStoreError(error, 'ABORTED')) throw stopped(reached.imported, error)
    if (!isStoreError(error) || reached.imported === 0) throw error
    const kept = `${count(reached.imported, 'record')} before that were imported, and stay`
    throw new StoreError(error.code, `${error.message}; ${kept}`, { cause: error, operation: error.operation })
  } finally {
    line.end()
    await piped?.end()
  }
}

/** How far the source was read says nothing of what was imported. */
function stopped(imported: number, cause?: StoreError): StoreError {
  const what = imported === 0 ? 'nothing was imported' : `${count(imported, 'record was', 'records were')} imported`
  return new StoreError('ABORTED', `the import was stopped: ${what}; the same command goes on`, { cause })
}

function importText({ imported, present, beforeStart, head }: ImportAuditsResult): readonly Block[] {
  if (head === undefined) return ['There was nothing to import.']
  return [
    `${count(imported, 'record')} imported${present === 0 ? '' : `, ${count(present, 'was', 'were')} there already`}.`,
    ...(beforeStart === 0
      ? []
      : [
          `${count(beforeStart, 'record lies', 'records lie')} before where the log begins here, and ${beforeStart === 1 ? 'was' : 'were'} not compared.`,
        ]),
    // Where nothing was compared, nothing is proven.
    ...(imported + present === 0
      ? []
      : ['', 'The source ends with this head, which audit verify --expect-head proves here:', jsonLine(head)]),
  ]
}
