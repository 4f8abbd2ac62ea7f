import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import type { Seeded } from '../../session-processes/seeded.ts'
import { Content } from './content.ts'
import type { FileEvent } from './system-calls.ts'

/** What a disk writes whole, or not at all, in bytes. */
const SECTOR_BYTES = 512

type Change =
  | { readonly type: 'write'; readonly offset: number; readonly bytes: Buffer; isForsaken?: true }
  | { readonly type: 'truncate'; readonly size: number }

interface File {
  readonly isDirectory: boolean
  /** What a power cut leaves in any case. */
  readonly content: Content
  /** As its readers see it, in bytes. */
  size: number
  /** What was asked for since the last sync. */
  pending: Change[]
}

/** What stands behind a name: a file, or nothing. */
type Entry = File | undefined

interface Name {
  current: Entry
  /** What a power cut may leave: the last that was synced, and everything since. */
  readonly possible: Entry[]
}

/**
 * A disk that keeps only what it was told to sync: of everything else each sector may have been written or not, in any
 * order, and each name may lead to what it led to before. It is stricter than file systems are.
 */
export class Disk {
  readonly #names = new Map<string, Name>()

  apply(event: Exclude<FileEvent, { type: 'said' }>): void {
    const { path } = event
    const file = this.#names.get(path)?.current
    switch (event.type) {
      case 'create':
        if (file === undefined) this.#point(path, newFile(false))
        else if (event.isEmptied) truncate(file, 0)
        return
      case 'mkdir':
        return this.#point(path, newFile(true))
      case 'unlink':
        return this.#point(path, undefined)
      case 'rename':
        this.#point(event.to, file)
        return this.#point(path, undefined)
      case 'write':
        if (file !== undefined) write(file, event)
        return
      case 'truncate':
        if (file !== undefined) truncate(file, event.size)
        return
      case 'sync':
        return this.#sync(path, file)
      case 'failed_sync':
        // The system takes what it could not write for written: no later sync writes it.
        for (const change of file?.pending ?? []) if (change.type === 'write') change.isForsaken = true
    }
  }

  /** How many changes a power cut could take back now. */
  get pending(): number {
    let pending = 0
    for (const { current, possible } of this.#names.values())
      pending += (current?.pending.length ?? 0) + possible.length - 1
    return pending
  }

  /** Makes below `to` what a power cut leaves of what was below `from`. */
  cut({ from, to, choices }: { readonly from: string; readonly to: string; readonly choices: Seeded }): void {
    const keep = keeper(choices)
    const left = new Map<string, File>()
    for (const [path, { possible }] of this.#names) {
      const entry = keep.isAll ? possible.at(-1) : possible[choices.integer(0, possible.length - 1)]
      // A file is only there if the directories above it are.
      if (entry !== undefined && (dirname(path) === from || left.has(dirname(path)))) left.set(path, entry)
    }
    for (const [path, file] of left) {
      const place = join(to, relative(from, path))
      if (file.isDirectory) mkdirSync(place)
      else writeFileSync(place, contentOf(file, keep))
    }
  }

  #point(path: string, entry: Entry): void {
    const name = this.#names.get(path)
    if (name === undefined) {
      this.#names.set(path, { current: entry, possible: [undefined, entry] })
      return
    }
    name.current = entry
    name.possible.push(entry)
  }

  #sync(path: string, file: Entry): void {
    if (file === undefined || file.isDirectory) {
      for (const [child, { possible }] of this.#names)
        if (dirname(child) === path) possible.splice(0, possible.length - 1)
      return
    }
    for (const change of file.pending)
      if (change.type === 'truncate') file.content.truncate(change.size)
      else if (change.isForsaken !== true) file.content.write(change)
    file.pending = []
  }
}

function newFile(isDirectory: boolean): File {
  return { isDirectory, content: new Content(), size: 0, pending: [] }
}

function truncate(file: File, size: number): void {
  file.size = size
  file.pending.push({ type: 'truncate', size })
}

function write(file: File, { offset = file.size, bytes }: { readonly offset?: number; readonly bytes: Buffer }): void {
  file.size = Math.max(file.size, offset + bytes.length)
  file.pending.push({ type: 'write', offset, bytes })
}

/** What of the changes since the last sync a power cut has left. */
interface Keeper {
  readonly isAll: boolean
  keeps(): boolean
  /** Of a write that is torn: which sectors. Otherwise all. */
  keepsSector(): boolean
}

function keeper({ fraction, integer }: Seeded): Keeper {
  const always = () => true
  const never = () => false
  const share = fraction()
  const chance = () => fraction() < share
  const kinds: readonly Keeper[] = [
    { isAll: true, keeps: always, keepsSector: always },
    { isAll: false, keeps: never, keepsSector: always },
    { isAll: false, keeps: chance, keepsSector: always },
    { isAll: false, keeps: always, keepsSector: chance },
    { isAll: false, keeps: chance, keepsSector: chance },
  ]
  const kind = kinds[integer(0, kinds.length - 1)]
  if (kind === undefined) throw new RangeError('there is no such kind of power cut')
  return kind
}

function contentOf({ content, pending }: File, keep: Keeper): Buffer {
  const left = content.copy()
  for (const change of pending) {
    if (!keep.keeps()) continue
    if (change.type === 'truncate') left.truncate(change.size)
    else for (const sector of sectorsOf(change)) if (keep.keepsSector()) left.write(sector)
  }
  return left.bytes
}

function* sectorsOf({ offset, bytes }: { readonly offset: number; readonly bytes: Buffer }) {
  for (let at = offset; at < offset + bytes.length;) {
    const end = Math.min(offset + bytes.length, (Math.floor(at / SECTOR_BYTES) + 1) * SECTOR_BYTES)
    yield { offset: at, bytes: bytes.subarray(at - offset, end - offset) }
    at = end
  }
}
