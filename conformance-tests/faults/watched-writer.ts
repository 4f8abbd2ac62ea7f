import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { open } from 'node:fs/promises'
import process from 'node:process'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { strace } from './strace.ts'

const WRITER = new URL('./writer-process.ts', import.meta.url)
/** One whose disk fails in each call gives up sooner; strace makes it several times as slow as it is alone. */
const WRITER_TIMEOUT_MS = 120_000

export interface WatchOptions {
  /** What strace is to watch, and to make fail. */
  readonly options: readonly string[]
  /** Where it writes what it saw. */
  readonly log: string
  /** The program, which is told its task. Default: one that writes as `write` does. */
  readonly program?: URL | undefined
  /** Whether the writer may be killed. Default false. */
  readonly mayBeKilled?: boolean | undefined
}

/** What a writer said, and what strace saw of it, line by line: that may be longer than a string can be. */
export interface Watched {
  readonly said: string
  readonly seen: AsyncIterable<string>
}

/** Lets a writer work in a process of its own, under strace. @throws Error when it fails, or takes too long. */
export async function watchWriter(
  task: unknown,
  { options, log, program = WRITER, mayBeKilled = false }: WatchOptions,
): Promise<Watched> {
  const { file, env } = await strace()
  const writer = [process.execPath, ...process.execArgv, fileURLToPath(program), JSON.stringify(task)]
  const child = spawn(file, ['-f', '-qq', ...options, '-o', log, ...writer], {
    // What goes through io_uring strace does not see.
    env: { ...env, UV_USE_IO_URING: '0' },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: WRITER_TIMEOUT_MS,
    killSignal: 'SIGKILL',
  })
  const [said, problem] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')])
  const { exitCode, signalCode } = child
  if (exitCode !== 0 && !mayBeKilled) throw new Error(`the writer ended with ${signalCode ?? exitCode}: ${problem}`)
  return { said, seen: (await open(log)).readLines({ encoding: 'latin1' }) }
}
