/** The bytes of a file, which grows as it is written to. What was never written is zero. */
export class Content {
  #room: Buffer
  #size: number

  constructor(bytes: Buffer = Buffer.alloc(0)) {
    this.#room = bytes
    this.#size = bytes.length
  }

  get bytes(): Buffer {
    return this.#room.subarray(0, this.#size)
  }

  copy(): Content {
    return new Content(Buffer.from(this.bytes))
  }

  write({ offset, bytes }: { readonly offset: number; readonly bytes: Buffer }): void {
    this.#reach(offset + bytes.length)
    bytes.copy(this.#room, offset)
  }

  truncate(size: number): void {
    this.#reach(size)
    this.#room.fill(0, size, this.#size)
    this.#size = size
  }

  #reach(size: number): void {
    if (size > this.#room.length) {
      const room = Buffer.alloc(Math.max(size, 2 * this.#room.length))
      this.#room.copy(room)
      this.#room = room
    }
    this.#size = Math.max(this.#size, size)
  }
}
