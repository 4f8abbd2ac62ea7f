import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Seeded } from '../../session-processes/seeded.ts'
import { Journal } from '../journal.ts'
import { judgeFile } from '../judge-file.ts'
import type { Tally } from '../tally.ts'
import { Disk } from './disk.ts'
import { FILE, type Recording } from './record.ts'

/** Cuts the power so often during what was recorded, at moments of their own, and judges what each leaves. */
export async function cutPower(
  { root, events }: Recording,
  {
    cuts,
    scratch,
    choices,
    tally,
  }: { readonly cuts: number; readonly scratch: string; readonly choices: Seeded; readonly tally: Tally },
): Promise<void> {
  const moments = Array.from({ length: cuts }, () => choices.integer(1, events.length)).toSorted((a, b) => a - b)
  const disk = new Disk()
  const journal = new Journal()
  let text = ''
  for (const [index, event] of events.entries()) {
    if (event.type !== 'said') disk.apply(event)
    else {
      text += event.text
      const lines = text.split('\n')
      text = lines.pop() ?? ''
      for (const line of lines) journal.noteLine(line)
    }
    for (; moments[0] === index + 1; moments.shift()) {
      tally.tried()
      if (disk.pending > 0) tally.faults += 1
      mkdirSync(scratch)
      disk.cut({ from: root, to: scratch, choices })
      tally.add(await judgeFile(join(scratch, FILE), journal), `cut ${index + 1} of ${events.length}`)
      rmSync(scratch, { recursive: true })
    }
  }
}
