import fc from 'fast-check'
import { PAGES } from './calendar-page.ts'
import type { Again } from './machine.ts'
import type { Fate } from './wire.ts'

/** What happens in a household, as data. Steps for which it is not the time do nothing. */
export interface History {
  /** Which page of the calendar, and how long before its first midnight it begins. */
  readonly page: number
  readonly beforeMidnightMs: number
  /** Whether a service that finds its game running, when all has happened, can tell how long it has been. */
  readonly isAgeTold: boolean
  /** How much services book ahead; undefined: they do not. */
  readonly sliceMs: number | undefined
  readonly steps: readonly Step[]
  /** In what order what is late arrives in the end. */
  readonly order: readonly number[]
}

export type Step =
  | { readonly do: 'wait'; readonly ms: number }
  /** Until so long after the next midnight, or, where it is negative, before it. */
  | { readonly do: 'wait for midnight'; readonly afterMs: number }
  | { readonly do: 'start'; readonly on: number; readonly entryId: string; readonly fate: Fate; readonly again: Again }
  | { readonly do: 'checkpoint'; readonly on: number; readonly isAgeTold: boolean; readonly fate: Fate }
  | {
      readonly do: 'end'
      readonly on: number
      readonly isAgeTold: boolean
      readonly fate: Fate
      readonly again: Again
    }
  | { readonly do: 'end again'; readonly on: number; readonly fate: Fate }
  | { readonly do: 'kill'; readonly on: number }
  | { readonly do: 'exit'; readonly on: number }
  | { readonly do: 'restart'; readonly on: number; readonly isAgeTold: boolean; readonly fate: Fate }
  | { readonly do: 'recover'; readonly on: number; readonly nth: number; readonly fate: Fate }
  | { readonly do: 'let through'; readonly on: number; readonly nth: number }
  | { readonly do: 'save snapshot'; readonly on: number }
  | { readonly do: 'set clock'; readonly on: number; readonly byMs: number }

const ENTRIES = ['chess', 'snake'] as const

const HOUR_MS = 3_600_000
const on = fc.nat({ max: 1 })
/** What a service can tell changes from call to call: nothing depends on it. */
const isAgeTold = fc.boolean()
const nth = fc.nat({ max: 5 })
const fate = fc.oneof(
  { weight: 5, arbitrary: fc.constant<Fate>('arrives') },
  {
    weight: 4,
    arbitrary: fc.constantFrom<Fate[]>(
      'is lost',
      'arrives, its reply does not',
      'comes late',
      'arrives, and once more',
    ),
  },
)
const again = fc.constantFrom<Again[]>('at once', 'later or never')
const ms = fc.oneof(
  { weight: 2, arbitrary: fc.nat({ max: 5_000 }) },
  { weight: 4, arbitrary: fc.nat({ max: 2 * HOUR_MS }) },
  { weight: 1, arbitrary: fc.nat({ max: 30 * HOUR_MS }) },
)
const afterMs = fc.oneof(
  fc.constant(0),
  fc.integer({ min: -1_000, max: 1_000 }),
  fc.integer({ min: -HOUR_MS, max: HOUR_MS }),
)
const byMs = fc.oneof(
  fc.integer({ min: -5_000, max: 5_000 }),
  fc.integer({ min: -40 * 24 * HOUR_MS, max: 40 * 24 * HOUR_MS }),
)

const commonSteps: readonly fc.WeightedArbitrary<Step>[] = [
  { weight: 8, arbitrary: fc.record({ do: fc.constant('wait'), ms }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('wait for midnight'), afterMs }) },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('start'), on, entryId: fc.constantFrom(...ENTRIES), fate, again }),
  },
  { weight: 7, arbitrary: fc.record({ do: fc.constant('checkpoint'), on, isAgeTold, fate }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('end'), on, isAgeTold, fate, again }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('end again'), on, fate }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('kill'), on }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('exit'), on }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('restart'), on, isAgeTold, fate }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('recover'), on, nth, fate }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('let through'), on, nth }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('save snapshot'), on }) },
]
const clockStep: fc.WeightedArbitrary<Step> = {
  weight: 2,
  arbitrary: fc.record({ do: fc.constant('set clock'), on, byMs }),
}

/** Long ones as often as short ones. */
const LENGTH: fc.ArrayConstraints = { maxLength: 60, size: 'max' }

/** The clocks are right in most of them; where they are not, days are anybody's guess. */
const steps = fc.oneof(
  { weight: 4, arbitrary: fc.array(fc.oneof(...commonSteps), LENGTH) },
  { weight: 1, arbitrary: fc.array(fc.oneof(...commonSteps, clockStep), LENGTH) },
)

export const histories: fc.Arbitrary<History> = fc.record({
  page: fc.nat({ max: PAGES.length - 1 }),
  beforeMidnightMs: fc.integer({ min: 1, max: 3 * HOUR_MS }),
  isAgeTold,
  sliceMs: fc.option(fc.integer({ min: 1, max: HOUR_MS }), { nil: undefined }),
  steps,
  order: fc.array(nth, { minLength: 1, maxLength: 8 }),
})
