import { cpSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { watchWriter } from '../watched-writer.ts'
import type { WriterTask } from '../write.ts'
import { eventsOf } from './found-files.ts'
import type { HeldUpTask } from './held-up-writer.ts'
import type { LongWorkerTask } from './long-worker.ts'
import { type FileEvent, fileEvents, STRACE_FORMAT, TRACED } from './system-calls.ts'

/** What a writer does to the disk, below a directory that is empty when it begins. */
export interface Recording {
  readonly root: string
  readonly events: readonly FileEvent[]
}

export interface RecordOptions {
  /** A directory that is not there yet. */
  readonly directory: string
  /** The URL of a module whose `openDriver` opens the file. */
  readonly module: string
  readonly rounds: number
  readonly steps: number
  /** What strace is to make fail, as it is told. */
  readonly inject?: string | undefined
  /** Whether another process goes on behind this one, with a disk that fails no more. Default false. */
  readonly isFollowed?: boolean | undefined
}

/** Where the file of a store is that is recorded: below directories that the store makes. */
export const FILE = 'household/store.db'

/** Lets a writer work in a process of its own, and takes down all that it asks of the disk. */
export async function record(options: RecordOptions): Promise<Recording> {
  const { directory, module, rounds, steps, inject, isFollowed = false } = options
  return recordAll(directory, async (root, watch) => {
    const address = { module, location: join(root, FILE) }
    const task: WriterTask = { address, writer: 'writer', from: 0, rounds, steps, retries: RETRIES }
    await watch(task, { inject })
    if (isFollowed) await watch({ ...task, from: rounds * steps }, {})
  })
}

export type HeldUpOptions = Pick<RecordOptions, 'directory' | 'module' | 'inject'> &
  Pick<HeldUpTask, 'steps' | 'othersBringIn'>

/** As `record`, of a writer that cannot bring its log into the file for a while, as another connection reads. */
export function recordHeldUp({ directory, module, inject, ...work }: HeldUpOptions): Promise<Recording> {
  return recordAll(directory, async (root, watch) => {
    const address = { module, location: join(root, FILE) }
    const task: HeldUpTask = { address, writer: 'writer', retries: RETRIES, ...work }
    await watch(task, { inject, program: HELD_UP_WRITER })
  })
}

export interface LongWorkOptions {
  /** A directory that is not there yet. */
  readonly directory: string
  /** A directory with what is there before. */
  readonly prepared: string
  /** What of it a power cut takes back until its directory is synced. */
  readonly unsyncedNames: readonly RegExp[]
  task(root: string): LongWorkerTask
}

/** As `record`, of work on what is there before. */
export function recordLongWork({ directory, prepared, unsyncedNames, task }: LongWorkOptions): Promise<Recording> {
  return recordAll(
    directory,
    async (root, watch) => {
      cpSync(prepared, root, { recursive: true })
      await watch(task(root), { program: LONG_WORKER })
    },
    unsyncedNames,
  )
}

/** How often a step that fails is tried again. */
const RETRIES = 2
const HELD_UP_WRITER = new URL('./held-up-writer.ts', import.meta.url)

const LONG_WORKER = new URL('./long-worker.ts', import.meta.url)

type Watch = (
  task: unknown,
  faults: { readonly inject?: string | undefined; readonly program?: URL | undefined },
) => Promise<void>

async function recordAll(
  directory: string,
  work: (root: string, watch: Watch) => Promise<void>,
  unsyncedNames: readonly RegExp[] = [],
): Promise<Recording> {
  const root = join(directory, 'disk')
  mkdirSync(root, { recursive: true })
  const events: FileEvent[] = []
  await work(root, async (task, { inject, program }) => {
    // What is there before the first begins.
    if (events.length === 0) events.push(...eventsOf(root, unsyncedNames))
    const faults = inject === undefined ? [] : ['-e', `inject=${inject}`]
    const options = [...STRACE_FORMAT, '-e', `trace=${TRACED.join(',')}`, ...faults]
    const { seen } = await watchWriter(task, { options, log: join(directory, 'log'), program })
    for await (const event of fileEvents(seen, root)) events.push(event)
  })
  rmSync(directory, { recursive: true })
  return { root, events }
}
