import { createStore, manualClock, type OwnedStore, type StrictQuota } from '@shepherd-store/core'
import type { Harness, Place } from '@shepherd-store/core/conformance'
import { type CalendarPage, PAGES, TIME_ZONE } from './calendar-page.ts'
import type { History, Step } from './history.ts'
import { Machine } from './machine.ts'
import { checkQuiet, type Ending } from './quiet.ts'
import { Wire } from './wire.ts'

const NODES = ['playroom', 'attic'] as const
/** More than is ever played: what is shown is where time is booked, not when it runs out. */
const FAR: StrictQuota['limits'] = [{ limitMs: 1_000 * 3_600_000 }]

interface Desk {
  readonly store: OwnedStore
  readonly wire: Wire
  readonly clock: ReturnType<typeof manualClock>
}

/** Gives every history a household that no failure has touched. */
export class Households {
  readonly #harness: Harness
  readonly #historiesPerPlace: number
  #household: Household | undefined

  constructor(harness: Harness, historiesPerPlace: number) {
    this.#harness = harness
    this.#historiesPerPlace = historiesPerPlace
  }

  /** @throws Error that says what of the truth the store does not tell. */
  async live(history: History): Promise<void> {
    this.#household ??= await Household.create(this.#harness)
    const household = this.#household
    let isSound = false
    try {
      await household.live(history)
      isSound = true
    } finally {
      if (!isSound || household.histories >= this.#historiesPerPlace) await this.end()
    }
  }

  async end(): Promise<void> {
    await this.#household?.destroy()
    this.#household = undefined
  }
}

/** A place with two machines on it. Each history has a scope of its own there. */
class Household {
  readonly #place: Place
  readonly #desks: readonly Desk[]
  #histories = 0

  static async create(harness: Harness): Promise<Household> {
    const place = await harness.createPlace()
    const desks: Desk[] = []
    // One after the other: the first one makes the tables.
    for (const node of NODES) {
      const calendar = { timeZone: TIME_ZONE, dayStart: '00:00' }
      const wire = new Wire(await place.openDriver({ calendar }))
      const clock = manualClock('2026-11-23T00:00:00Z')
      desks.push({ store: createStore(wire.driver, { node, clock, calendar }), wire, clock })
    }
    return new Household(place, desks)
  }

  private constructor(place: Place, desks: readonly Desk[]) {
    this.#place = place
    this.#desks = desks
  }

  get histories(): number {
    return this.#histories
  }

  async live(history: History): Promise<void> {
    this.#histories += 1
    const scope = `history ${this.#histories}`
    const { isAgeTold, sliceMs } = history
    const strict = sliceMs === undefined ? undefined : { limits: FAR, sliceMs }
    const page = PAGES[history.page]
    if (page === undefined) throw new Error(`there is no page ${history.page}`)
    const machines = this.#desks.map(({ store, wire, clock }) => {
      wire.forgetLate()
      return new Machine({ node: store.node, clock, wire, store: store.view({ scope }) }, strict)
    })
    const life = new Life(machines, page, (page.days[1]?.startsAt ?? 0) - history.beforeMidnightMs)
    for (const step of history.steps) await life.take(step)
    await checkQuiet(await life.comeToRest(history.order, isAgeTold))
  }

  async destroy(): Promise<void> {
    await Promise.allSettled(this.#desks.map(({ store }) => store.close()))
    await this.#place.destroy()
  }
}

/** One history, as it happens. */
class Life {
  readonly #machines: readonly Machine[]
  readonly #page: CalendarPage
  /** The time that it really is, whatever the clocks show. */
  #now: number
  #areClocksRight = true

  constructor(machines: readonly Machine[], page: CalendarPage, start: number) {
    this.#machines = machines
    this.#page = page
    this.#now = start
    for (const { clock } of machines) clock.set(new Date(start))
  }

  async take(step: Step): Promise<void> {
    if (step.do === 'wait') return this.#wait(step.ms)
    if (step.do === 'wait for midnight') {
      const midnight = this.#page.days.find(({ startsAt }) => startsAt > this.#now)?.startsAt ?? this.#page.endsAt
      return this.#wait(Math.max(0, midnight + step.afterMs - this.#now))
    }
    const machine = this.#machines[step.on]
    if (machine === undefined) throw new Error(`there is no machine ${step.on}`)
    switch (step.do) {
      case 'start':
        return machine.start(step.entryId, step.fate, step.again, this.#now)
      case 'checkpoint':
        return machine.checkpoint(step.isAgeTold, step.fate, this.#now)
      case 'end':
        return machine.end(step.isAgeTold, step.fate, step.again, this.#now)
      case 'end again':
        return machine.endAgain(step.fate)
      case 'kill':
        return machine.kill()
      case 'exit':
        return machine.exit(this.#now)
      case 'restart':
        return machine.restart(step.isAgeTold, step.fate, this.#now)
      case 'recover':
        return machine.recover(step.nth, step.fate)
      case 'let through':
        return machine.wire.letThrough(step.nth)
      case 'save snapshot':
        return machine.store.saveSnapshot({ timestamp: new Date(this.#now) })
      case 'set clock':
        this.#areClocksRight = false
        return machine.clock.set(new Date(machine.clock.now().getTime() + step.byMs))
    }
  }

  /** Services tell what they know; what is late arrives, some of it before, some after; what is left open is recovered. */
  async comeToRest(order: readonly number[], isAgeTold: boolean): Promise<Ending> {
    const [machine] = this.#machines
    if (machine === undefined) throw new Error('there are no machines')
    await this.#letThrough(order, 2)
    for (const each of this.#machines) await each.finish(isAgeTold, this.#now)
    await this.#letThrough(order, Infinity)
    // In strict mode, others leave alone what its own machine may still play.
    for (const each of this.#machines) await each.recoverOwn()
    const sessions = this.#machines.flatMap((each) => each.sessions)
    const startIds = this.#machines.flatMap((each) => each.startIds)
    return { store: machine.store, page: this.#page, sessions, startIds, areClocksRight: this.#areClocksRight }
  }

  #wait(ms: number): void {
    const passedMs = Math.min(ms, this.#page.endsAt - 1 - this.#now)
    this.#now += passedMs
    for (const { clock } of this.#machines) clock.advance(passedMs)
  }

  async #letThrough(order: readonly number[], atMost: number): Promise<void> {
    for (const { wire } of this.#machines) {
      for (let turn = 0; wire.lateWrites > 0 && turn < atMost; turn += 1) {
        await wire.letThrough(order[turn % order.length] ?? 0)
      }
    }
  }
}
