/** A space of states, as it is searched. */
export interface Space<S> {
  readonly first: S
  /** Two states with one key are one. */
  keyOf(state: S): string
  movesOf(state: S): readonly { readonly label: string; readonly world: S }[]
  /** Called once for each state. Returns what is not true of it, though it always has to be. */
  look(state: S): string | undefined
}

export interface Found {
  readonly states: number
  readonly moves: number
  /** How many moves the farthest state is away. */
  readonly depth: number
  /** The first state that breaks a claim, by one of the shortest ways that lead to one. */
  readonly broken: { readonly claim: string; readonly trace: readonly string[] } | undefined
}

/** Goes breadth first through all states, until no new one appears or a claim is broken. */
export function searchAll<S>(space: Space<S>): Found {
  const met = new Set<string>([space.keyOf(space.first)])
  /** Of each state that was met: the one that it was met from, and how. */
  const cameFrom = [0]
  const labels = ['']
  let [moves, depth] = [0, 0]
  let frontier = [{ state: space.first, index: 0 }]
  const firstClaim = space.look(space.first)
  if (firstClaim !== undefined) return { states: 1, moves, depth, broken: { claim: firstClaim, trace: [] } }
  for (; frontier.length > 0; depth += 1) {
    const next: typeof frontier = []
    for (const { state, index } of frontier) {
      for (const { label, world } of space.movesOf(state)) {
        moves += 1
        const key = space.keyOf(world)
        if (met.has(key)) continue
        met.add(key)
        next.push({ state: world, index: labels.length })
        cameFrom.push(index)
        labels.push(label)
        const claim = space.look(world)
        if (claim === undefined) continue
        const trace = traceTo(labels.length - 1, cameFrom, labels)
        return { states: met.size, moves, depth: depth + 1, broken: { claim, trace } }
      }
    }
    if (next.length === 0) break
    frontier = next
  }
  return { states: met.size, moves, depth, broken: undefined }
}

function traceTo(index: number, cameFrom: readonly number[], labels: readonly string[]): readonly string[] {
  const trace: string[] = []
  for (let at = index; at > 0; at = cameFrom[at] ?? 0) trace.unshift(labels[at] ?? '')
  return trace
}
