import { isStoreError, type OwnedStore, type Store, StoreError } from '@shepherd-store/core'
import type { Command } from 'commander'
import type { Io } from './io.ts'
import { openStore, type OpenStoreOptions, placeOf } from './open-store.ts'
import { Printer, type PrintOptions, printReport, type Report } from './output.ts'
import { shownWhere, whereFrom } from './where.ts'

/** The flags that every command takes. */
export interface GlobalFlags {
  readonly db?: string
  readonly json?: boolean
  readonly node?: string
  readonly scope?: string
}

export interface Opened {
  readonly store: Store
  /** The database, as people may see it. */
  readonly where: string
}

export interface RunOptions extends Pick<OpenStoreOptions, 'calendar'> {
  /** Whom the command acts as: the machine of `--node`, or this one, where `--node` says which ones are meant. */
  readonly actAs?: 'node' | 'this_machine'
  /** Opens a store in place of one that is missing, or that has an older schema. Default: that is a failure. */
  readonly whenMissing?: (where: string, options: OpenStoreOptions) => Promise<OwnedStore>
}

/** What the commands run in. */
export class Shell {
  readonly io: Io
  /** 0: done. 3: done, and something is wrong with what is stored. */
  exitCode: 0 | 3 = 0

  constructor(io: Io) {
    this.io = io
  }

  /** Opens the database that the flags name, does the work, closes it, and prints the report. */
  async run(command: Command, work: (opened: Opened) => Promise<Report>, options: RunOptions = {}): Promise<void> {
    const report = await this.#opened(command, work, options)
    const printing = this.#printOptions(command)
    printReport(report, this.io.stdout, printing)
    if (report.note !== undefined && !printing.json) this.io.stderr.write(`shepherd-store: ${report.note}\n`)
    this.exitCode = report.problems ? 3 : 0
  }

  /** The same for work that prints as it goes, and tells at its end whether something is wrong with what is stored. */
  async stream(
    command: Command,
    work: (opened: Opened, printer: Printer) => Promise<{ readonly problems: boolean }>,
    { signal, ...options }: RunOptions & { readonly signal?: AbortSignal } = {},
  ): Promise<void> {
    const printer = new Printer(this.io.stdout, { ...this.#printOptions(command), signal })
    const { problems } = await this.#opened(command, (opened) => work(opened, printer), options)
    this.exitCode = problems ? 3 : 0
  }

  /** Does the work with a signal that is aborted, with `reason`, at the first Ctrl-C. */
  async interruptible<T>(work: (signal: AbortSignal) => Promise<T>, reason?: Error): Promise<T> {
    const interrupt = new AbortController()
    const forget = this.io.onInterrupt(() => interrupt.abort(reason))
    try {
      return await work(interrupt.signal)
    } finally {
      forget()
    }
  }

  async #opened<T>(
    command: Command,
    work: (opened: Opened) => Promise<T>,
    { calendar, actAs = 'node', whenMissing }: RunOptions,
  ): Promise<T> {
    const { db, node, scope } = command.optsWithGlobals<GlobalFlags>()
    const { env, clock, hostname } = this.io
    const where = whereFrom(db, env)
    // On PostgreSQL machines are told apart by their names; a file is for one machine.
    const machine = placeOf(where).backend === 'postgres' ? hostname : undefined
    const as = actAs === 'node' ? (node ?? machine) : machine
    const store = await open(where, { node: as, scope, calendar, clock }, whenMissing)
    try {
      return await work({ store, where: shownWhere(where) })
    } finally {
      await store.close()
    }
  }

  #printOptions(command: Command): PrintOptions {
    const { json = false } = command.optsWithGlobals<GlobalFlags>()
    return { json, env: this.io.env }
  }
}

/** A database that is missing is not made, and one with an older schema not changed, unless `whenMissing` does. */
async function open(
  where: string,
  options: OpenStoreOptions,
  whenMissing: RunOptions['whenMissing'],
): Promise<OwnedStore> {
  try {
    return await openStore(where, { ...options, create: false, migrate: 'never' })
  } catch (error) {
    if (whenMissing !== undefined && isMissing(error, where)) return whenMissing(where, options)
    throw explained(error, where)
  }
}

/** A missing PostgreSQL database is another matter: no command can make it. */
function isMissing(error: unknown, where: string): boolean {
  return isStoreError(error, placeOf(where).backend === 'sqlite' ? 'NOT_FOUND' : 'SCHEMA_TOO_OLD', 'SCHEMA_TOO_OLD')
}

/** What could not be opened, and what to do about it from the command line. */
function explained(error: unknown, where: string): unknown {
  if (!isStoreError(error) || error.code === 'INVALID_ARGUMENT') return error
  const shown = shownWhere(where)
  if (!isMissing(error, where)) {
    return error.message.includes(shown)
      ? error
      : new StoreError(error.code, `${shown}: ${error.message}`, { cause: error })
  }
  const what =
    error.code === 'NOT_FOUND' ? `there is no store at ${shown}` : `${shown} has no tables of the store, or older ones`
  const make =
    'the service makes them when it starts, and so do: shepherd-store import rust PATH, shepherd-store audit import PATH'
  return new StoreError(error.code, `${what}; name another with --db or SHEPHERD_STORE_URL (${make})`, { cause: error })
}
