import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Seeded } from '../../session-processes/seeded.ts'
import { Journal } from '../journal.ts'
import { judgeFile } from '../judge-file.ts'
import type { Tally } from '../tally.ts'
import { Disk } from './disk.ts'
import { FILE, type Recording } from './record.ts'

/** Behind the last sync that failed, what it was to write is settled, in some such number of events. */
const SETTLING_EVENTS = 40
/** So much of the cuts meet that, where a sync failed. */
const SHARE_SETTLING = 0.5

export interface CutPowerOptions {
  readonly cuts: number
  /** The first event behind which it is cut. Default 1. */
  readonly first?: number | undefined
  /** A directory that is not there. */
  readonly scratch: string
  readonly choices: Seeded
  readonly tally: Tally
}

/** Cuts the power so often during what was recorded, at moments of their own, and judges what each leaves. */
export async function cutPower(
  { root, events }: Recording,
  { cuts, first = 1, scratch, choices, tally }: CutPowerOptions,
): Promise<void> {
  const failed = events.findLastIndex(({ type }) => type === 'failed_sync') + 1
  const settling = { from: failed + 1, to: Math.min(failed + SETTLING_EVENTS, events.length) }
  const moment = () => {
    const isNear = failed > 0 && settling.from <= settling.to && choices.fraction() < SHARE_SETTLING
    return isNear ? choices.integer(settling.from, settling.to) : choices.integer(first, events.length)
  }
  const moments = Array.from({ length: cuts }, moment).toSorted((a, b) => a - b)
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
