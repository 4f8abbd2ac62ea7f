import { constants, createReadStream, statSync } from 'node:fs'
import { open } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { createGunzip } from 'node:zlib'

const STDIN = '-'
/** One is enough, but for a thread that has not come to its read yet. */
const WAKES_MAX = 10_000

/** Whether it can be read once only: standard input, or a FIFO, such as that of `<(ssh …)`. */
export function isPiped(path: string): boolean {
  return path === STDIN || isFifo(path)
}

function isFifo(path: string): boolean {
  try {
    return statSync(path).isFIFO()
  } catch {
    // What is wrong with it, whoever reads it tells.
    return false
  }
}

interface PipedSource {
  readonly text: AsyncIterable<Uint8Array>
  /** Resolves when nothing of it keeps the process running, be it that its writer stays silent. */
  end(): Promise<void>
}

export function openPiped(path: string): PipedSource {
  if (path === STDIN) {
    return {
      text: process.stdin,
      async end() {
        process.stdin.destroy()
      },
    }
  }
  const file = createReadStream(path)
  const text: Readable = path.endsWith('.gz') ? gunzipped(file) : file
  return {
    text,
    async end() {
      text.destroy()
      file.destroy()
      for (let wakes = 0; !file.closed && wakes < WAKES_MAX; wakes += 1) {
        if (!file.readableEnded && !(await wake(path))) return
        await setImmediate()
      }
    },
  }
}

function gunzipped(file: Readable): Readable {
  const unpack = createGunzip()
  return file.on('error', (error) => unpack.destroy(error)).pipe(unpack)
}

/**
 * An open that waits for a writer, and a read that waits for it to write, hold a thread, for which even `process.exit`
 * waits. A writer that comes and goes frees it. `false`: it may not write there, and a second Ctrl-C has to end it.
 */
async function wake(path: string): Promise<boolean> {
  try {
    await using fifo = await open(path, constants.O_WRONLY | constants.O_NONBLOCK)
    await fifo.write('\n')
    return true
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    // Nobody reads there yet, or any more; or there is enough to be read.
    return code === 'ENXIO' || code === 'EPIPE' || code === 'EAGAIN'
  }
}
