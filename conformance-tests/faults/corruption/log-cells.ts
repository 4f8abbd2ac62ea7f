/** A run of bytes of a file, `[from, to)`. */
export interface Bytes {
  readonly from: number
  readonly to: number
}

const LEAF = 0x0d
const INTERIOR = 0x05

/**
 * Where the rows of a table with row ids lie in the bytes of a SQLite file: what is stored of each row in its own page, its
 * lengths and its id before it. https://sqlite.org/fileformat.html#b_tree_pages
 */
export function cellsOf(file: Buffer, rootPage: number): readonly Bytes[] {
  const pageSize = file.readUInt16BE(16)
  const start = (rootPage - 1) * pageSize
  const header = start + (rootPage === 1 ? 100 : 0)
  const kind = file.readUInt8(header)
  const count = file.readUInt16BE(header + 3)
  const pointers = (length: number) =>
    Array.from({ length: count }, (_, at) => file.readUInt16BE(header + length + 2 * at))
  if (kind === INTERIOR) {
    const children = pointers(12).map((at) => file.readUInt32BE(start + at))
    return [...children, file.readUInt32BE(header + 8)].flatMap((child) => cellsOf(file, child))
  }
  if (kind !== LEAF) throw new Error(`page ${rootPage} is none of a table with row ids`)
  return pointers(8).map((at) => cellAt(file, start + at, pageSize))
}

function cellAt(file: Buffer, from: number, pageSize: number): Bytes {
  const [length, afterLength] = varint(file, from)
  const [, payload] = varint(file, afterLength)
  // What does not fit into the page goes on in others, which the last four bytes name.
  const most = pageSize - 35
  const least = Math.floor(((pageSize - 12) * 32) / 255) - 23
  const surplus = least + ((length - least) % (pageSize - 4))
  const local = length <= most ? length : (surplus <= most ? surplus : least) + 4
  return { from, to: payload + local }
}

/** The number, and where the bytes behind it begin. */
function varint(file: Buffer, at: number): readonly [value: number, end: number] {
  let value = 0
  for (let index = at; index < at + 8; index += 1) {
    const byte = file.readUInt8(index)
    value = value * 128 + (byte & 0x7f)
    if (byte < 0x80) return [value, index + 1]
  }
  throw new Error(`there is no number of that length in a test's file, at ${at}`)
}
