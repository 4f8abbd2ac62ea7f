import type { Seeded } from '../../session-processes/seeded.ts'
import type { WrittenStore } from './written-store.ts'

/** What has become of a file. */
export interface Damage {
  readonly what: string
  readonly bytes: Buffer
  /** Its write-ahead log. */
  readonly log?: Buffer
}

/** Each page in turn is as if it had never been written. */
export function zeroedPages({ bytes, pageSize }: WrittenStore): readonly Damage[] {
  return pagesOf(bytes, pageSize).map((page) => ({
    what: `page ${page + 1} zeroed`,
    bytes: edited(bytes, (copy) => copy.fill(0, page * pageSize, (page + 1) * pageSize)),
  }))
}

/** The end is missing: from each border of a page on, and from within each. */
export function cutFiles({ bytes, pageSize }: WrittenStore, choice: Seeded): readonly Damage[] {
  return pagesOf(bytes, pageSize).flatMap((page) =>
    [page * pageSize, page * pageSize + choice.integer(1, pageSize - 1)].map((length) => ({
      what: `cut to ${length} bytes`,
      bytes: Buffer.from(bytes.subarray(0, length)),
    })),
  )
}

/** Something is behind the end: a part of a page, a page, more pages than one. */
export function longerFiles({ bytes, pageSize }: WrittenStore, choice: Seeded): readonly Damage[] {
  return [1, pageSize / 2, pageSize, pageSize * 3 + 1].map((length) => ({
    what: `${length} bytes behind the end`,
    bytes: Buffer.concat([bytes, Buffer.from(Array.from({ length }, () => choice.integer(0, 255)))]),
  }))
}

/** Single bits, anywhere. Every fourth one lies in the header, where a few bytes decide over all. */
export function flippedBits({ bytes }: WrittenStore, choice: Seeded, count: number): readonly Damage[] {
  const headerBytes = 100
  return Array.from({ length: count }, (_, index) => {
    const at = choice.integer(0, (index % 4 === 0 ? headerBytes : bytes.length) - 1)
    const bit = choice.integer(0, 7)
    return {
      what: `bit ${bit} of byte ${at} flipped`,
      bytes: edited(bytes, (copy) => copy.writeUInt8(copy.readUInt8(at) ^ (1 << bit), at)),
    }
  })
}

/** A write-ahead log of which something is missing or changed; or another store's, or none. */
export function damagedLogs(
  { bytes, log, pageSize }: Pick<WrittenStore, 'bytes' | 'pageSize'> & { readonly log: Buffer },
  ofAnother: Buffer,
  choice: Seeded,
): readonly Damage[] {
  const [header, frame] = [32, pageSize + 24]
  const frames = Math.floor((log.length - header) / frame)
  const cuts = Array.from({ length: CUTS }, () => header + frame * choice.integer(0, frames - 1))
  const flips = Array.from({ length: FLIPS }, (_, index) =>
    choice.integer(0, (index % 4 === 0 ? header : log.length) - 1),
  )
  return [
    ...cuts
      .flatMap((length) => [length, length + choice.integer(1, frame - 1)])
      .map((length) => ({
        what: `write-ahead log cut to ${length} bytes`,
        bytes,
        log: Buffer.from(log.subarray(0, length)),
      })),
    ...flips.map((at) => ({
      what: `byte ${at} of the write-ahead log changed`,
      bytes,
      log: edited(log, (copy) => copy.writeUInt8(copy.readUInt8(at) ^ (1 << choice.integer(0, 7)), at)),
    })),
    { what: 'write-ahead log of another store', bytes, log: ofAnother },
    { what: 'empty write-ahead log', bytes, log: Buffer.alloc(0) },
    { what: 'zeroed write-ahead log', bytes, log: Buffer.alloc(log.length) },
    { what: 'no write-ahead log', bytes },
  ]
}

const CUTS = 6
const FLIPS = 16

function pagesOf(bytes: Buffer, pageSize: number): readonly number[] {
  return Array.from({ length: bytes.length / pageSize }, (_, page) => page)
}

function edited(bytes: Buffer, edit: (copy: Buffer) => unknown): Buffer {
  const copy = Buffer.from(bytes)
  edit(copy)
  return copy
}
