import fc from 'fast-check'
import { LIMITS } from '../../limits.ts'
import { sessionId } from './sessions.ts'
import { all, day, id, instant, mostly, object, optionalId, optionalInstant, optionalNode, scope } from './values.ts'

/** How many records or sessions. */
export const limit = mostly(
  fc.constantFrom(1, 2, 3, LIMITS.AUDIT_PAGE_LIMIT_MAX),
  fc.constantFrom<unknown>(0, -1, LIMITS.AUDIT_PAGE_LIMIT_MAX + 1, 1.5, Number.NaN, '5'),
)
/** Ids are counted from the place at which the sequence begins. */
const place = mostly(
  fc.option(fc.oneof(fc.nat({ max: 12 }), fc.constant(Number.MAX_SAFE_INTEGER)), { nil: undefined, freq: 2 }),
  fc.constantFrom<unknown>(-1, 0.5, '1', null),
)
const order = mostly(fc.constantFrom('asc', 'desc', undefined), fc.constantFrom<unknown>('up', 'ASC', null))
const types = mostly(
  fc.option(
    fc.array(fc.constantFrom('session_started', 'session_ended', 'usage_adjusted', 'service_started', 'lamp_lit'), {
      minLength: 1,
      maxLength: 4,
    }),
    { nil: undefined, freq: 2 },
  ),
  fc.constantFrom<unknown>([], [''], 'session_started', [7], null),
)
export const auditQuery = object(
  fc.record(
    {
      ...{ after: place, before: place, order, limit, node: optionalNode, scope: all },
      ...{ from: optionalInstant, to: optionalInstant, types, entryId: optionalId },
      sessionId: mostly(fc.option(sessionId, { nil: undefined }), fc.constantFrom<unknown>('', 7, null)),
    },
    { requiredKeys: [] },
  ),
)
const grouping = fc.constantFrom<unknown>('day', 'week', 'month', 'entry', 'node', 'scope')
const by = mostly(
  fc.option(fc.uniqueArray(grouping, { maxLength: 4 }), { nil: undefined }),
  fc.constantFrom<unknown>(['year'], ['day', 'day']),
)
const range = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.constantFrom<unknown>(
      { from: '2026-11-01', to: '2027-02-01' },
      { from: '2026-11-23', to: '2026-11-24' },
      { from: '1970-01-01', to: '2069-12-31' },
      { from: '9999-12-30', to: '9999-12-31' },
    ),
  },
  { weight: 1, arbitrary: fc.record({ from: day, to: day }) },
)
const usageFilter = fc.record({ by, entryId: optionalId, node: optionalNode, scope: all }, { requiredKeys: [] })
export const usageQuery = object(
  fc.tuple(range, usageFilter).map(([days, filter]) => ({ ...(days as object), ...filter })),
)
const expectedHead = fc.record({
  id: mostly(fc.integer({ min: 1, max: 12 }), fc.constantFrom<unknown>(-5, 0.5, '1')),
  hash: mostly(
    fc.constantFrom('f'.repeat(64), '0'.repeat(64)),
    fc.constantFrom<unknown>('f'.repeat(63), 'F'.repeat(64), 5),
  ),
})

export const verifyOptions = object(fc.record({ expectedHead }, { requiredKeys: [] }))

/** What is behind a session that may not be there. */
const sessionPlace = mostly(
  object(fc.record({ startedAt: instant, scope, sessionId: fc.oneof(sessionId, id) })),
  fc.constantFrom<unknown>({}, [], null),
)
export const sessionQuery = object(
  fc.record(
    {
      open: mostly(fc.constantFrom(true, undefined), fc.constantFrom<unknown>(false, 'all', null)),
      sessionId: fc.oneof(sessionId, optionalId),
      entryId: optionalId,
      node: optionalNode,
      scope: all,
      after: fc.option(sessionPlace, { nil: undefined }),
      limit,
    },
    { requiredKeys: [] },
  ),
)
