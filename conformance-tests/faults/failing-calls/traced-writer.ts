import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Journal } from '../journal.ts'
import { watchWriter } from '../watched-writer.ts'
import type { WriterTask } from '../write.ts'

/** The calls that may fail, each at a place of its own: what a store writes, syncs, cuts off, opens and removes. */
export const CALLS = ['pwrite64', 'fsync', 'fdatasync', 'ftruncate', 'openat', 'unlink'] as const
type Call = (typeof CALLS)[number]

/** Commits, a session's three included, are about fifty. */
const STEPS = 35
/** How often a step that fails is tried again. */
const RETRIES = 2

/** One call of a writer that fails: the `when`th, counted from 1; with `+`, and all behind it. */
export interface FailingCall {
  readonly call: Call
  readonly when: string
  /** What strace makes of it: the disk fails or is full, a file is not there, the process ends. */
  readonly fault: `error=${string}` | 'signal=KILL'
}

export interface TracedRun {
  readonly path: string
  readonly journal: Journal
  /** How often it made each call; of one that fails, that call alone. */
  readonly counts: ReadonlyMap<Call, number>
  /** Whether the fault was met. */
  readonly isMet: boolean
}

export interface TracedOptions {
  readonly failing?: FailingCall | undefined
  readonly retries?: number | undefined
  readonly steps?: number | undefined
  /** Puts a file there, in its directory, before the writer begins. */
  readonly prepare?: ((path: string) => void) | undefined
}

/** Lets a writer work in a process whose calls for the files of its store strace counts, and makes fail. */
export async function runTraced(
  directory: string,
  module: string,
  { failing, retries = RETRIES, steps = STEPS, prepare }: TracedOptions = {},
): Promise<TracedRun> {
  mkdirSync(directory)
  const [path, log] = [join(directory, 'store', 'store.db'), join(directory, 'log')]
  const task: WriterTask = {
    address: { module, location: path },
    writer: 'writer',
    from: 0,
    rounds: 1,
    steps,
    retries,
  }
  if (prepare !== undefined) {
    mkdirSync(dirname(path))
    prepare(path)
  }
  const files = [path, `${path}-wal`, `${path}-journal`, `${path}-shm`, dirname(path)].flatMap((file) => ['-P', file])
  const isKilled = failing?.fault === 'signal=KILL'
  const options = [...files, ...(failing ? faultOf(failing) : ['-e', `trace=${CALLS.join(',')}`])]
  // Then no other call stops the writer, which takes half as long; but no signal reaches it either.
  if (!isKilled) options.push('--seccomp-bpf')
  const { said, seen } = await watchWriter(task, { options, log, mayBeKilled: isKilled })

  const journal = new Journal()
  // The last line of one that was killed may be half written.
  for (const line of said.split('\n').slice(0, -1)) journal.noteLine(line)
  const counts = new Map<Call, number>(CALLS.map((call) => [call, 0]))
  let isMet = false
  for await (const line of seen) {
    isMet ||= line.includes(isKilled ? 'killed by SIGKILL' : '(INJECTED)')
    const call = CALLS.find((name) => line.includes(` ${name}(`))
    if (call !== undefined) counts.set(call, (counts.get(call) ?? 0) + 1)
  }
  return { path, journal, counts, isMet }
}

function faultOf({ call, fault, when }: FailingCall): readonly string[] {
  return ['-e', `trace=${call}`, '-e', `inject=${call}:${fault}:when=${when}`]
}
