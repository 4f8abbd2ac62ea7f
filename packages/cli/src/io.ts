import { hostname } from 'node:os'
import type { Clock } from '@shepherd-store/core'
import type { Environment } from './where.ts'

/** All that the command touches of the world besides the database. */
export interface Io {
  readonly env: Environment
  readonly hostname: string
  readonly stdout: Output
  readonly stderr: Output
  /** Default: the system's. */
  readonly clock?: Clock | undefined
  /** Calls `listener` at the first Ctrl-C, until the returned function is called. A second one ends the process. */
  onInterrupt(listener: () => void): () => void
}

export interface Output {
  readonly isTTY?: boolean | undefined
  /** How wide the terminal is. */
  readonly columns?: number | undefined
  /** Whether what was written waits for a slow reader; `drain` tells when it does no longer. Default false. */
  readonly writableNeedDrain?: boolean | undefined
  once?(event: 'drain', listener: () => void): unknown
  write(text: string): unknown
}

/** Ctrl-C, the end of a session, and what a service manager sends. */
const STOP_SIGNALS = ['SIGINT', 'SIGHUP', 'SIGTERM'] as const

export function processIo(): Io {
  process.stdout.on('error', endOfOutput)
  process.stderr.on('error', endOfOutput)
  return {
    env: process.env,
    hostname: hostname(),
    stdout: process.stdout,
    stderr: process.stderr,
    onInterrupt(listener) {
      for (const signal of STOP_SIGNALS) process.once(signal, listener)
      return () => STOP_SIGNALS.forEach((signal) => process.off(signal, listener))
    },
  }
}

/** A reader that has seen enough, as in `| head`, is no failure; a full disk is one. */
function endOfOutput(error: NodeJS.ErrnoException): never {
  if (error.code === 'EPIPE') process.exit()
  process.stderr.write(`shepherd-store: the output could not be written (${error.code ?? error.message})\n`)
  process.exit(1)
}
