import type { PlaceAddress } from '@shepherd-store/core/conformance'
import type { Seeded } from '../../session-processes/seeded.ts'
import type { Journal } from '../journal.ts'
import type { Crew } from '../processes/crew.ts'
import { deadlyAddress, type OwnKill } from '../processes/deadly-place.ts'
import type { KillPoint } from '../processes/resident.ts'
import { isRepeatable } from '../work.ts'
import type { WriterTask } from '../write.ts'

/** The kills that do not come by chance: of a step that is there and comes not again, that is there and does, that is not there. */
const OWN_KILLS: readonly OwnKill[] = [
  { write: 2, when: 'after' },
  { write: 1, when: 'after' },
  { write: 2, when: 'before' },
]
/** How many steps a process is asked for: among them two sessions. One that is killed as it closes makes fewer. */
const STEPS = 10
const STEPS_OF_CLOSING_MAX = 3
/** Of all kills: so many meet the opening, and so many the closing, with its checkpoint. */
const OPENING_SHARE = 0.15
const CLOSING_SHARE = 0.15
/** How long after its last line a process may be killed: about as long as a step, a first opening, a closing take. */
const STEP_MS = 1.5
const OPENING_MS = 60
const CLOSING_MS = 3
/** A step is begun, and then acknowledged. */
const LINES_PER_STEP = 2

const RETRIES = 3

/** One writer's work, which one process after the other goes on with, where the one before was killed. */
export class Lane {
  readonly writer: string
  readonly #journal: Journal
  readonly #choices: Seeded
  #lives = 0

  constructor(writer: string, journal: Journal, choices: Seeded) {
    this.writer = writer
    this.#journal = journal
    this.#choices = choices
  }

  /** Has a process go on, and kills it. `done`: it was faster. */
  async live(address: PlaceAddress, crew: Crew): Promise<'done' | 'killed'> {
    const own = OWN_KILLS[this.#lives]
    this.#lives += 1
    const { steps, ...killAt } = this.#chance()
    const place = own === undefined ? address : deadlyAddress(address, own)
    const task: WriterTask = { ...this.rest(STEPS), address: place, ...(own === undefined ? { steps } : {}) }
    const resident = await crew.next()
    try {
      return await resident.run(task, {
        hear: (line) => {
          if (line.includes(' ')) this.#journal.noteLine(line)
        },
        killAt: own === undefined ? killAt : undefined,
      })
    } finally {
      await resident.kill()
    }
  }

  /** What is to be done next: the step of which nobody knows comes again, if it may. */
  rest(steps: number): Omit<WriterTask, 'address'> {
    const { writer } = this
    const last = this.#journal.lastOf(writer)
    if (last === undefined) return { writer, from: 0, steps, retries: RETRIES, rounds: 1 }
    const comesAgain = isRepeatable(last) && this.#journal.stateOf(writer, last) !== 'acknowledged'
    return { writer, from: comesAgain ? last : last + 1, steps, retries: RETRIES, rounds: 1 }
  }

  #chance(): KillPoint & { readonly steps: number } {
    const where = this.#choices.fraction()
    const part = this.#choices.fraction()
    if (where < OPENING_SHARE) return { steps: STEPS, line: 0, delayMs: part * OPENING_MS }
    if (where < OPENING_SHARE + CLOSING_SHARE) {
      const steps = this.#choices.integer(0, STEPS_OF_CLOSING_MAX)
      return { steps, line: 1 + steps * LINES_PER_STEP, delayMs: part * CLOSING_MS }
    }
    return { steps: STEPS, line: this.#choices.integer(1, STEPS * LINES_PER_STEP), delayMs: part * STEP_MS }
  }
}
