import fc from 'fast-check'
import type { Day } from '../../day.ts'
import { LIMITS } from '../../limits.ts'

/** What the clock of a sequence shows at first. */
export const SEQUENCE_START = '2026-11-23T10:00:00.000Z'

const NOW_MS = Date.parse(SEQUENCE_START)
const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS

/** Nearly always legal: an illegal argument ends a call early, and too many of them leave nothing to compare. */
export function mostly<T>(legal: fc.Arbitrary<T>, illegal: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 99, arbitrary: legal }, { weight: 1, arbitrary: illegal })
}

/** Now and then with a field that there is not, or no object at all. */
export function object(fields: fc.Arbitrary<object>): fc.Arbitrary<unknown> {
  const stray = fields.map((known) => ({ ...known, stray: 1 }))
  return mostly(fields, fc.oneof(stray, fc.constantFrom<unknown>(null, 7, 'text', [])))
}

/** Few, so that calls meet: pairs that a careless store takes for each other, cuts, sorts otherwise or misreads. */
const LEGAL_IDS = [
  ['Minecraft', 'minecraft ', 'caf\u00e9', 'cafe\u0301', '\u{1f600}', '\uffff', '%', '__proto__'],
  [`${'x'.repeat(255)}y`, 'x'.repeat(256)],
].flat()
const ILLEGAL_IDS = ['', 'a\0b', '\ud83d', 'a\udc00', 'x'.repeat(257), '\u00e9'.repeat(129), 7, null, ['minecraft']]

const legalId: fc.Arbitrary<string> = fc.oneof(
  { weight: 2, arbitrary: fc.constantFrom('minecraft', 'tuxracer') },
  { weight: 1, arbitrary: fc.constantFrom(...LEGAL_IDS) },
)
export const id = mostly(legalId, fc.constantFrom<unknown>(...ILLEGAL_IDS, undefined))
/** What is played, more often than not: so that limits, extra time and cooldowns meet. */
export const entry = fc.oneof(id, fc.constant('minecraft'))
export const optionalId = mostly(fc.option(legalId, { nil: undefined }), fc.constantFrom<unknown>(...ILLEGAL_IDS))

const legalNode: fc.Arbitrary<string> = fc.constantFrom('lab-1', 'lab-1', 'lab-1', 'lab-2', 'lab-2', 'LAB-1')
export const node = mostly(legalNode, fc.constantFrom<unknown>(...ILLEGAL_IDS))
export const all = mostly(
  fc.option(fc.constant('all'), { nil: undefined }),
  fc.constantFrom<unknown>('ada', 'ALL', null),
)
export const optionalNode = mostly(fc.option(legalNode, { nil: undefined }), fc.constantFrom<unknown>(...ILLEGAL_IDS))

/** The runner puts a prefix of `SCOPE_PREFIX_BYTES` before a scope that is text, so that sequences do not meet. */
export const SCOPE_PREFIX_BYTES = 8
const ROOM = LIMITS.ID_BYTES_MAX - SCOPE_PREFIX_BYTES
export const scope = mostly(
  fc.oneof(
    { weight: 4, arbitrary: fc.constant('ada') },
    { weight: 1, arbitrary: fc.constantFrom('Ada', 'ada ', 'ben', 'x'.repeat(ROOM)) },
  ),
  fc.constantFrom<unknown>('', 'a\0b', '\ud83d', 'x'.repeat(ROOM + 1), 7, null),
)

const operationId = mostly(
  fc.constantFrom('op-1', 'op-2', 'op-3', 'OP-1', 'op-1 '),
  fc.constantFrom<unknown>(...ILLEGAL_IDS),
)

const DAYS = ['2026-11-22', '2026-11-23', '2026-11-23', '2026-11-23', '2026-11-24'] as const
const FAR_DAYS = [
  '1970-01-01',
  '1970-01-04',
  '2024-02-29',
  '2026-11-30',
  '2026-12-01',
  '2027-01-01',
  '9999-12-31',
] as const
const ILLEGAL_DAYS = [
  '2026-02-30',
  '2023-02-29',
  '1969-12-31',
  '10000-01-01',
  '2026-1-1',
  '2026-13-01',
  '2026-11-23T10:00',
  '',
  5,
]

const legalDay: fc.Arbitrary<Day> = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom<Day>(...DAYS) },
  { weight: 1, arbitrary: fc.constantFrom<Day>(...FAR_DAYS) },
)
export const day = mostly(legalDay, fc.constantFrom<unknown>(...ILLEGAL_DAYS, undefined, null))

export const period = mostly(
  fc.constantFrom('day', 'week', 'month', undefined),
  fc.constantFrom<unknown>('year', 'Week', '__proto__', 1, null),
)
export const periodOptions = object(fc.record({ period }, { requiredKeys: [] }))

export const ILLEGAL_NUMBERS = [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, -(2 ** 53), '5', true, null]

export const smallDuration: fc.Arbitrary<number> = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(0, 1, 999, 1_000, MINUTE_MS, DAY_MS) },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 1_000_000 }) },
)
export const largeDuration: fc.Arbitrary<number> = fc.constantFrom(Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER - 1)
const legalDuration: fc.Arbitrary<number> = fc.oneof(
  { weight: 10, arbitrary: smallDuration },
  { weight: 1, arbitrary: fc.oneof(largeDuration, fc.constant(-0)) },
)
export const duration = mostly(legalDuration, fc.constantFrom<unknown>(...ILLEGAL_NUMBERS, undefined))

export const integer = mostly(
  fc.constantFrom(0, 1, -1, -0, 1_000, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER),
  fc.constantFrom<unknown>(0.5, Number.NaN, 2 ** 53, '5', null),
)

/** Where instants are near each other and on either side of now: cooldowns that run, end now, and have ended. */
const NEAR_MS = [-DAY_MS, -MINUTE_MS, -1, 0, 0, 1, 123, MINUTE_MS, DAY_MS].map((offset) => NOW_MS + offset)
const FAR_MS = [LIMITS.INSTANT_MS_MIN, LIMITS.INSTANT_MS_MIN + 1, LIMITS.INSTANT_MS_MAX]
const ILLEGAL_MS = [Number.NaN, LIMITS.INSTANT_MS_MIN - 1, LIMITS.INSTANT_MS_MAX + 1, 8.64e15]

/** Made anew for every value: the runner changes what it has passed. */
function dates(ms: readonly number[]): fc.Arbitrary<Date> {
  return fc.constantFrom(...ms).map((at) => new Date(at))
}
const legalInstant: fc.Arbitrary<Date> = fc.oneof(
  { weight: 12, arbitrary: dates(NEAR_MS) },
  { weight: 1, arbitrary: dates(FAR_MS) },
)
const illegalInstant = fc.oneof(dates(ILLEGAL_MS), fc.constantFrom<unknown>(NOW_MS, SEQUENCE_START, null))
export const instant = mostly(legalInstant, fc.oneof(illegalInstant, fc.constant(undefined)))
/** When a deadline may be put off to. */
export const later = dates([MINUTE_MS, 5 * MINUTE_MS, DAY_MS, 2 * DAY_MS].map((offset) => NOW_MS + offset))
export const optionalInstant = mostly(fc.option(legalInstant, { nil: undefined }), illegalInstant)

/** When an operation was first tried: at either side of the 30 days that ids are remembered. */
const operationAt = mostly(
  dates([0, -LIMITS.OPERATION_RETENTION_MS, DAY_MS].map((offset) => NOW_MS + offset)),
  fc.oneof(dates([NOW_MS - 2 * LIMITS.OPERATION_RETENTION_MS]), illegalInstant),
)
export const writeOptions: fc.Arbitrary<object> = fc.oneof(
  { weight: 10, arbitrary: fc.record({}) },
  { weight: 10, arbitrary: fc.record({ operationId }) },
  { weight: 4, arbitrary: fc.record({ operationId, operationAt }) },
  { weight: 1, arbitrary: fc.record({ operationAt }) },
)

/** Steps of the clock, forwards and back. Far less than 30 days in all: whether an operation is forgotten is open. */
export const advanceMs: fc.Arbitrary<number> = fc.constantFrom(0, 1, 30_000, MINUTE_MS, 60 * MINUTE_MS)
export const wallClock: fc.Arbitrary<string> = fc
  .constantFrom(-DAY_MS, -MINUTE_MS, -1, 0, 14 * 60 * MINUTE_MS - 1, DAY_MS)
  .map((offset) => new Date(NOW_MS + offset).toISOString())
