import { writeSync } from 'node:fs'
import process from 'node:process'
import { createInterface } from 'node:readline'
import type { Perform } from './performance.ts'

/**
 * The other side of `Resident`: a process that loads a module, and then does one task after the other, each a line of its
 * input. What it says stands in the pipe before it goes on, so that it is heard whatever becomes of the process. It ends
 * when there are no more tasks, and with whatever a task throws.
 */
const { perform } = (await import(process.argv[2] ?? '')) as { readonly perform: Perform }
say('loaded')
for await (const line of createInterface({ input: process.stdin })) {
  await perform(JSON.parse(line) as never, say)
  say('done')
}

function say(line: string): void {
  writeSync(1, `${line}\n`)
}
