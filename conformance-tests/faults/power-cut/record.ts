import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { watchWriter } from '../watched-writer.ts'
import type { WriterTask } from '../write.ts'
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
  const root = join(directory, 'disk')
  mkdirSync(root, { recursive: true })
  const address = { module, location: join(root, FILE) }
  const task: WriterTask = { address, writer: 'writer', from: 0, rounds, steps, retries: RETRIES }
  const log = join(directory, 'log')
  const events: FileEvent[] = []
  const watch = async (watched: WriterTask, faults: readonly string[]) => {
    const options = [...STRACE_FORMAT, '-e', `trace=${TRACED.join(',')}`, ...faults]
    const { seen } = await watchWriter(watched, { options, log })
    for await (const event of fileEvents(seen, root)) events.push(event)
  }
  await watch(task, inject === undefined ? [] : ['-e', `inject=${inject}`])
  if (isFollowed) await watch({ ...task, from: rounds * steps }, [])
  rmSync(directory, { recursive: true })
  return { root, events }
}

/** How often a step that fails is tried again. */
const RETRIES = 2
