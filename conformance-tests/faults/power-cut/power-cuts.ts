import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Seeded } from '../../session-processes/seeded.ts'
import { Journal } from '../journal.ts'
import { judgeFile } from '../judge-file.ts'
import type { Verdict } from '../judge.ts'
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
  const journal = new Journal()
  await cutAt(
    moments,
    { root, events },
    {
      scratch,
      choices,
      tally,
      hear: (line) => journal.noteLine(line),
      judge: (directory) => judgeFile(join(directory, FILE), journal),
    },
  )
}

export interface CutAtOptions extends Pick<CutPowerOptions, 'scratch' | 'choices' | 'tally'> {
  /** Hears each line that was said before the power is cut. */
  hear(line: string): void
  /** Judges what is left, which is in that directory. */
  judge(directory: string): Promise<Verdict>
}

/** Cuts it behind each of those events, which are in order. */
export async function cutAt(
  moments: readonly number[],
  { root, events }: Recording,
  { scratch, choices, tally, hear, judge }: CutAtOptions,
): Promise<void> {
  const disk = new Disk()
  const left = [...moments]
  let text = ''
  for (const [index, event] of events.entries()) {
    if (event.type !== 'said') disk.apply(event)
    else {
      text += event.text
      const lines = text.split('\n')
      text = lines.pop() ?? ''
      for (const line of lines) hear(line)
    }
    for (; left[0] === index + 1; left.shift()) {
      tally.tried()
      if (disk.pending > 0) tally.faults += 1
      mkdirSync(scratch)
      disk.cut({ from: root, to: scratch, choices })
      tally.add(await judge(scratch), `cut ${index + 1} of ${events.length}`)
      rmSync(scratch, { recursive: true })
    }
  }
}
