import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { OTHER_WAYS, USUAL_WAY, type Way } from './our-sqlite.ts'
import { type Contender, NotMeasured, type Row } from './row.ts'
import type { StallReport } from './stalled-writes.ts'

/** What each fsync is made to take, as on an SD card that is busy. */
const DELAY_MS = 100
/** One that takes less was not delayed. */
const DELAY_MS_LEAST = 90
/** strace loses count of the delays of several threads now and then (6.1 does), and ends. */
const TRIES = 3

export const eventLoop: readonly Row[] = [
  {
    id: 'event-loop',
    title: `SQLite: longest stall of the event loop from opening a new file to closing it, with 20 writes a second for 5 s, while each fsync takes ${DELAY_MS} ms`,
    atMost: 0.1,
    operations: 1,
    rounds: 2,
    warmUp: false,
    contenders: [
      stalled(USUAL_WAY),
      {
        name: `the ${DELAY_MS} ms of one fsync`,
        start: () => ({ run: () => DELAY_MS * 1_000, close: () => undefined }),
      },
      ...OTHER_WAYS.map(stalled),
    ],
  },
]

function stalled({ name, options }: Way): Contender {
  return {
    name,
    start(place) {
      if (spawnSync('strace', ['-V'], { stdio: 'ignore' }).status !== 0) throw new NotMeasured('install strace')
      return {
        async run() {
          const { stallMs, fsyncMs } = await report(() => place.file('store.db'), JSON.stringify(options))
          if (fsyncMs < DELAY_MS_LEAST) {
            throw new NotMeasured(`an fsync took ${fsyncMs.toFixed(1)} ms, as strace did not delay it`)
          }
          return stallMs * 1_000
        },
        close: () => undefined,
      }
    },
  }
}

/** What a process of its own tells, whose calls of fsync strace delays. */
async function report(path: () => string, options: string): Promise<StallReport> {
  let problem = ''
  for (let tries = 0; tries < TRIES; tries += 1) {
    const { code, output, problems } = await traced([path(), options])
    if (code === 0) return JSON.parse(output) as StallReport
    problem = problems.trim().split('\n')[0] ?? ''
  }
  throw new NotMeasured(`strace: ${problem}`)
}

async function traced(words: readonly string[]) {
  const script = fileURLToPath(new URL('./stalled-writes.ts', import.meta.url))
  const calls = 'fsync,fdatasync'
  const trace = ['-f', '--seccomp-bpf', '-qq', '-e', `trace=${calls}`, '-o', '/dev/null']
  const inject = ['-e', `inject=${calls}:delay_enter=${DELAY_MS * 1_000}`]
  const node = [process.execPath, ...process.execArgv, script, ...words]
  const child = spawn('strace', [...trace, ...inject, ...node], { stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = once(child, 'exit')
  const [output, problems] = await Promise.all([text(child.stdout), text(child.stderr)])
  await ended
  return { code: child.exitCode, output, problems }
}
