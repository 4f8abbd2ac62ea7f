/** Does `count` pieces of work by so many callers at once: each waits for its own to be done, then takes the next one. */
export async function callers(many: number, count: number, work: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0
  async function caller(): Promise<void> {
    while (next < count) {
      next += 1
      await work(next - 1)
    }
  }
  await Promise.all(Array.from({ length: many }, caller))
}
