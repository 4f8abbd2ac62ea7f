/**
 * What a writer tells of each call: before it (`begun`), and behind it what it was answered with. An error says whether
 * the call may have been applied; whoever is killed says nothing.
 */
export type Told = 'begun' | 'acknowledged' | 'unknown' | 'not_applied'

/** What became of a step, as far as whoever asked for it can know. */
export type StepState = 'acknowledged' | 'in_doubt' | 'not_applied'

interface Step {
  /** A call of it has not been answered. */
  isOpen: boolean
  /** A call of it may have been applied: no later failure settles that. */
  mayBeApplied: boolean
  isAcknowledged: boolean
}

/** All that was asked for, and what was heard of it. */
export class Journal {
  readonly #writers = new Map<string, Map<number, Step>>()

  note(writer: string, number: number, told: Told): void {
    const steps = this.#writers.get(writer) ?? new Map<number, Step>()
    this.#writers.set(writer, steps)
    const step = steps.get(number) ?? { isOpen: false, mayBeApplied: false, isAcknowledged: false }
    steps.set(number, step)
    if (told === 'begun') step.mayBeApplied ||= step.isOpen
    step.isOpen = told === 'begun'
    step.mayBeApplied ||= told === 'unknown'
    step.isAcknowledged ||= told === 'acknowledged'
  }

  /** A line of a writer's output. Those of no step are passed over. */
  noteLine(line: string): void {
    const [told, writer, number] = line.split(' ')
    if (writer === undefined || number === undefined) return
    this.note(writer, Number(number), told as Told)
  }

  /** `undefined`: nobody asked for it. */
  stateOf(writer: string, number: number): StepState | undefined {
    const step = this.#writers.get(writer)?.get(number)
    return step && stateOf(step)
  }

  /** The last step that the writer asked for; `undefined`: none. */
  lastOf(writer: string): number | undefined {
    return [...(this.#writers.get(writer)?.keys() ?? [])].at(-1)
  }

  *[Symbol.iterator](): Iterator<{ readonly writer: string; readonly number: number; readonly state: StepState }> {
    for (const [writer, steps] of this.#writers)
      for (const [number, step] of steps) yield { writer, number, state: stateOf(step) }
  }
}

function stateOf({ isOpen, mayBeApplied, isAcknowledged }: Step): StepState {
  if (isAcknowledged) return 'acknowledged'
  return isOpen || mayBeApplied ? 'in_doubt' : 'not_applied'
}
