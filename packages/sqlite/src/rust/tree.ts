import { readSync } from 'node:fs'

/** A table's b-tree in a database file, as far as its inner pages tell. What is hostile in them costs bounded time. */
export interface TableTree {
  /**
   * The keys between the leaves, rising: each leaf has the ids up to its key and above the one before, and the last leaf
   * those above all keys. Every leaf has a row, unless it is the only one.
   */
  readonly keys: readonly bigint[]
  /** Whether no page is reached twice: otherwise a walk through all of it might never end. */
  readonly isTree: boolean
}

const INNER_PAGE = 5
const HEADER_BYTES = 12

export function readTableTree(descriptor: number, root: number, pageBytes: number): TableTree {
  const keys = new Set<bigint>()
  const seen = new Set<number>()
  const page = Buffer.alloc(pageBytes)
  const ahead = [root]
  let isTree = true
  for (let number = ahead.pop(); number !== undefined; number = ahead.pop()) {
    if (seen.has(number)) {
      isTree = false
      continue
    }
    seen.add(number)
    if (number < 1 || readSync(descriptor, page, 0, pageBytes, (number - 1) * pageBytes) < pageBytes) continue
    for (const { child, key } of childrenOf(page)) {
      ahead.push(child)
      if (key !== undefined) keys.add(key)
    }
  }
  return { keys: [...keys].toSorted((a, b) => (a < b ? -1 : 1)), isTree }
}

interface Child {
  readonly child: number
  /** Absent of the last child. */
  readonly key?: bigint
}

/** Of an inner page; none of a leaf, nor of what is no page of a table. The first page of a file is never inner here. */
function* childrenOf(page: Buffer): Iterable<Child> {
  if (page.readUInt8(0) !== INNER_PAGE) return
  const count = Math.min(page.readUInt16BE(3), Math.floor((page.length - HEADER_BYTES) / 2))
  for (let index = 0; index < count; index += 1) {
    const at = page.readUInt16BE(HEADER_BYTES + 2 * index)
    if (at + 4 >= page.length) continue
    const key = varint(page, at + 4)
    if (key !== undefined) yield { child: page.readUInt32BE(at), key }
  }
  yield { child: page.readUInt32BE(8) }
}

/** SQLite's integers of 1 to 9 bytes: 7 bits in each, and 8 in the ninth. `undefined` where the page ends before. */
function varint(page: Buffer, at: number): bigint | undefined {
  let value = 0n
  for (let index = 0; index < 9; index += 1) {
    const byte = page[at + index]
    if (byte === undefined) return undefined
    if (index === 8) return BigInt.asIntN(64, (value << 8n) | BigInt(byte))
    value = (value << 7n) | BigInt(byte & 0x7f)
    if (byte < 0x80) return value
  }
  return undefined
}

/** How many of the rising `keys` are below `id`: the place of the leaf that `id` belongs on. */
export function leafOf(keys: readonly bigint[], id: bigint): number {
  let [low, high] = [0, keys.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((keys[middle] ?? id) < id) low = middle + 1
    else high = middle
  }
  return low
}
