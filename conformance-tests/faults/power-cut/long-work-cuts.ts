import assert from 'node:assert/strict'
import { cpSync, mkdirSync } from 'node:fs'
import { type Seeded, seeded } from '../../session-processes/seeded.ts'
import { difference } from '../difference.ts'
import { ifUsable } from '../judge-file.ts'
import type { Verdict } from '../judge.ts'
import { whatIsLost } from '../long-work/contents.ts'
import { shuffled } from '../shuffled.ts'
import { Tally } from '../tally.ts'
import { eventsOf } from './found-files.ts'
import { cutAt } from './power-cuts.ts'
import { type Recording, recordLongWork } from './record.ts'
import { fileOf, openSite, type Site, useSite } from './site.ts'
import type { FileEvent } from './system-calls.ts'
import { CUT_WORKS, type CutWork, type CutWorkName } from './works.ts'

export interface LongWorkCuts {
  readonly name: CutWorkName
  readonly writer: Site['writer']
  readonly cuts: number
  readonly seed: number
  /** The path of a file that is not there yet. */
  fresh(): string
}

/**
 * Cuts the power at moments of the work. What was there before is not lost then, and the same call leaves what it leaves
 * when nobody disturbs it; where it was told to be done, that is there without it, before anybody opens a store.
 */
export async function longWorkCuts({ name, writer, cuts, seed, fresh }: LongWorkCuts): Promise<Tally> {
  const work: CutWork = CUT_WORKS[name]
  const source = fresh()
  await work.makeSource?.(source)
  const prepared: Site = { root: fresh(), writer }
  mkdirSync(prepared.root)
  await work.prepare(prepared)
  const before = await work.hashes(prepared)
  const undisturbed: Site = { root: fresh(), writer }
  cpSync(prepared.root, undisturbed.root, { recursive: true })
  const expected = await useSite(undisturbed, async (store) => {
    await work.perform(store, undisturbed, source)
    return work.contents(undisturbed)
  })
  assert.notDeepEqual(await work.contents(prepared), expected, 'the work changes nothing')
  const recording = await recordLongWork({
    directory: fresh(),
    prepared: prepared.root,
    unsyncedNames: work.unsyncedNames ?? [],
    task: (root) => ({ name, site: { root, writer }, source }),
  })

  const choices = seeded(seed)
  const moments = momentsIn(recording, { cuts, first: eventsOf(prepared.root).length + 1, choices })
  const tally = new Tally()
  let isDone = false
  await cutAt(moments, recording, {
    scratch: fresh(),
    choices,
    tally,
    hear: (line) => (isDone ||= line === 'done'),
    judge: (root) => judge(work, { root, writer: 'inline' }, { before, expected, source, isDone }),
  })
  return tally
}

/** Every so manieth meets the moment in which it is told to be done. */
const CUTS_PER_END = 5
/** Of the others, half meet what changes names, or how long a file is, in turn: a small part of all that is done. */
const SHARE_OF_TURNS = 0.5
const TURNS: readonly FileEvent['type'][] = ['create', 'mkdir', 'rename', 'unlink', 'truncate']
/** How many events behind such a one. */
const EVENTS_BEHIND_A_TURN_MAX = 1

interface Moments {
  readonly cuts: number
  /** The first event behind which it is cut. */
  readonly first: number
  readonly choices: Seeded
}

function momentsIn({ events }: Recording, { cuts, first, choices }: Moments): readonly number[] {
  const numbers = Array.from({ length: events.length - first + 1 }, (_, index) => first + index)
  const turns = numbers.filter((number) => TURNS.includes(events[number - 1]?.type ?? 'said'))
  let left: number[] = []
  const end = events.findLastIndex(({ type }) => type === 'said') + 1
  const moments = Array.from({ length: cuts }, (_, cut) => {
    if (cut % CUTS_PER_END === 0) return end
    if (choices.fraction() >= SHARE_OF_TURNS) return choices.integer(first, events.length)
    if (left.length === 0) left = shuffled(turns, choices)
    return Math.min(events.length, (left.pop() ?? first) + choices.integer(0, EVENTS_BEHIND_A_TURN_MAX))
  })
  return moments.toSorted((a, b) => a - b)
}

interface Due {
  readonly before: readonly string[]
  readonly expected: readonly string[]
  readonly source: string
  readonly isDone: boolean
}

function judge(work: CutWork, site: Site, { before, expected, source, isDone }: Due): Promise<Verdict> {
  return ifUsable(fileOf(site), async () => {
    const done = isDone ? await work.contents(site) : undefined
    const store = await openSite(site)
    try {
      const lost = await whatIsLost(store, await work.hashes(site), before)
      if (done === undefined) await work.perform(store, site, source)
      const left = difference(expected, done ?? (await work.contents(site)))
      const [acknowledged, inDoubt] = isDone ? [1, 0] : [0, 1]
      return { ...left, acknowledged, inDoubt, lost: [...lost, ...left.lost] }
    } finally {
      await store.close()
    }
  })
}
