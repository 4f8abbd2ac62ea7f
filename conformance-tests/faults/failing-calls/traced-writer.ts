import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { Journal } from '../journal.ts'
import { strace } from '../strace.ts'
import type { WriterTask } from '../write.ts'

/** The calls that may fail, each at a place of its own: what a store writes, syncs, cuts off, opens and removes. */
export const CALLS = ['pwrite64', 'fsync', 'fdatasync', 'ftruncate', 'openat', 'unlink'] as const
type Call = (typeof CALLS)[number]

const WRITER = fileURLToPath(new URL('../writer-process.ts', import.meta.url))
/** Commits, a session's three included, are about fifty. */
const STEPS = 35
const RETRIES = 2
/** A writer whose disk fails in each call gives up sooner. */
const WRITER_TIMEOUT_MS = 120_000

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

/** Lets a writer work in a process whose calls for the files of its store strace counts, and makes fail. */
export async function runTraced(directory: string, module: string, failing?: FailingCall): Promise<TracedRun> {
  mkdirSync(directory)
  const [path, log] = [join(directory, 'store', 'store.db'), join(directory, 'log')]
  const task: WriterTask = {
    address: { module, location: path },
    writer: 'writer',
    from: 0,
    rounds: 1,
    steps: STEPS,
    retries: RETRIES,
  }
  const files = [path, `${path}-wal`, `${path}-journal`, `${path}-shm`, dirname(path)].flatMap((file) => ['-P', file])
  const isKilled = failing?.fault === 'signal=KILL'
  const watching = [
    '-f',
    '-qq',
    '-o',
    log,
    ...files,
    ...(failing ? faultOf(failing) : ['-e', `trace=${CALLS.join(',')}`]),
  ]
  // Then no other call stops the writer, which takes half as long; but no signal reaches it either.
  if (!isKilled) watching.push('--seccomp-bpf')
  const { file, env } = await strace()
  const child = spawn(file, [...watching, process.execPath, ...process.execArgv, WRITER, JSON.stringify(task)], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: WRITER_TIMEOUT_MS,
    killSignal: 'SIGKILL',
  })
  const [said, problem] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')])
  const { exitCode, signalCode } = child
  if (exitCode !== 0 && !isKilled) throw new Error(`the writer ended with ${signalCode ?? exitCode}: ${problem}`)

  const journal = new Journal()
  // The last line of one that was killed may be half written.
  for (const line of said.split('\n').slice(0, -1)) journal.noteLine(line)
  const lines = readFileSync(log, 'latin1').split('\n')
  const counts = new Map(CALLS.map((call) => [call, lines.filter((line) => line.includes(` ${call}(`)).length]))
  return {
    path,
    journal,
    counts,
    isMet: lines.some((line) => line.includes(isKilled ? 'killed by SIGKILL' : '(INJECTED)')),
  }
}

function faultOf({ call, fault, when }: FailingCall): readonly string[] {
  return ['-e', `trace=${call}`, '-e', `inject=${call}:${fault}:when=${when}`]
}
