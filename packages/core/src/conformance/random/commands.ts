import fc from 'fast-check'
import { LIMITS } from '../../limits.ts'
import type { ModelMethod } from '../model.ts'
import { event, original, snapshot } from './payloads.ts'
import type { Call, Command } from './perform.ts'
import {
  advanceMs,
  day,
  duration,
  id,
  instant,
  mostly,
  node,
  object,
  optionalId,
  optionalInstant,
  optionalNode,
  scope,
  wallClock,
  writeOptions,
} from './values.ts'

/** Up to `maxCommands` commands on two handles of one place. */
export function commandSequences(maxCommands: number): fc.Arbitrary<readonly Command[]> {
  return fc.array(command, { minLength: 1, maxLength: maxCommands, size: 'max' })
}

const addUsage = fc.record({ type: fc.constant('add_usage'), entryId: id, day, durationMs: duration })
const change = object(
  fc.oneof(
    fc.record({ type: fc.constant('append_audit'), event }),
    fc.record({ type: fc.constant('import_audit'), timestamp: instant, event, original }),
    addUsage,
    addUsage,
    fc.record({ type: fc.constantFrom('set_cooldown', 'extend_cooldown'), entryId: id, until: instant }),
    fc.record({ type: fc.constant('clear_cooldown'), entryId: id }),
    fc.record({ type: fc.constant('save_snapshot'), snapshot }),
    fc.record({ type: mostly(fc.constant('clear_cooldown'), fc.constant('drop_tables')), entryId: id }),
  ),
)
const revision = fc.constantFrom<unknown>(0, 0, 0, 1, 1, 1, 2, 2, -1, 0.5)
const condition = object(
  fc.oneof(
    fc.record({ type: fc.constant('usage_below'), entryId: id, day, limitMs: duration }),
    fc.record({ type: fc.constant('no_cooldown'), entryId: id, at: optionalInstant }),
    fc.record({ type: fc.constant('snapshot_revision_is'), revision }),
  ),
)

const oneMore = { type: 'add_usage', entryId: 'minecraft', day: '2026-11-23', durationMs: 1 }
const changes = mostly(
  fc.array(change, { minLength: 1, maxLength: 4 }),
  fc.constantFrom<unknown>(
    [],
    Array(LIMITS.CHANGES_MAX).fill(oneMore),
    Array(LIMITS.CHANGES_MAX + 1).fill(oneMore),
    {},
    null,
  ),
)
const always = { type: 'snapshot_revision_is', revision: 0 }
const conditions = mostly(
  fc.option(fc.array(condition, { minLength: 1, maxLength: 3 }), { nil: undefined }),
  fc.constantFrom<unknown>(
    [],
    Array(LIMITS.CONDITIONS_MAX).fill(always),
    Array(LIMITS.CONDITIONS_MAX + 1).fill(always),
    null,
  ),
)

/** `if` is left out half of the time, so that the conditions of a commit do not refuse most of them. */
const commitOptions = fc
  .tuple(writeOptions, fc.record({ if: conditions }, { requiredKeys: [] }))
  .map(([options, condition]) => ({ ...options, ...condition }))
const limit = mostly(
  fc.constantFrom(1, 2, 3, LIMITS.AUDIT_PAGE_LIMIT_MAX),
  fc.constantFrom<unknown>(0, -1, LIMITS.AUDIT_PAGE_LIMIT_MAX + 1, 1.5, Number.NaN, '5'),
)
/** Ids are counted from the place at which the sequence begins. */
const place = mostly(
  fc.option(fc.oneof(fc.nat({ max: 12 }), fc.constant(Number.MAX_SAFE_INTEGER)), { nil: undefined, freq: 2 }),
  fc.constantFrom<unknown>(-1, 0.5, '1', null),
)
const order = mostly(fc.constantFrom('asc', 'desc', undefined), fc.constantFrom<unknown>('up', 'ASC', null))
const all = mostly(fc.option(fc.constant('all'), { nil: undefined }), fc.constantFrom<unknown>('ada', 'ALL', null))
const auditQuery = fc.record(
  { after: place, before: place, order, limit, node: optionalNode, scope: all },
  { requiredKeys: [] },
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
const usageQuery = fc.tuple(range, usageFilter).map(([days, filter]) => ({ ...(days as object), ...filter }))
const expectedHead = fc.record({
  id: mostly(fc.integer({ min: 1, max: 12 }), fc.constantFrom<unknown>(-5, 0.5, '1')),
  hash: mostly(
    fc.constantFrom('f'.repeat(64), '0'.repeat(64)),
    fc.constantFrom<unknown>('f'.repeat(63), 'F'.repeat(64), 5),
  ),
})

/** The arguments of every method, and how often it is called. */
type Arguments = readonly [weight: number, args: fc.Arbitrary<readonly unknown[]>]
const WRITES: Partial<Record<ModelMethod, Arguments>> = {
  commit: [8, fc.tuple(changes, object(commitOptions))],
  appendAudit: [4, fc.tuple(event, object(writeOptions))],
  addUsage: [4, fc.tuple(id, day, duration, object(writeOptions))],
  setCooldownUntil: [3, fc.tuple(id, instant)],
  clearCooldown: [1, fc.tuple(id)],
  saveSnapshot: [2, fc.tuple(snapshot)],
}
const READS: Partial<Record<ModelMethod, Arguments>> = {
  getUsage: [2, fc.tuple(id, day)],
  getCooldownUntil: [2, fc.tuple(id)],
  loadSnapshot: [2, fc.constant([])],
  getDayState: [2, fc.tuple(day)],
  listUsage: [3, fc.tuple(object(usageQuery))],
  getRecentAudits: [1, fc.tuple(limit)],
  listAudits: [3, fc.tuple(object(auditQuery))],
  readAudits: [1, fc.tuple(object(auditQuery))],
  verifyAudits: [1, fc.tuple(object(fc.record({ expectedHead }, { requiredKeys: [] })))],
  health: [1, fc.constant([])],
  isHealthy: [1, fc.constant([])],
  today: [1, fc.constant([])],
}

function callsOf(methods: Partial<Record<ModelMethod, Arguments>>): fc.Arbitrary<Call> {
  const entries = Object.entries(methods) as [ModelMethod, Arguments][]
  return fc.oneof(
    ...entries.map(([method, [weight, args]]) => ({
      weight,
      arbitrary: fc.record(
        { method: fc.constant(method), as: fc.record({ scope, node }), args },
        { noNullPrototype: true },
      ),
    })),
  )
}

const write = callsOf(WRITES)
const read = callsOf(READS)
const handle = fc.constantFrom<0 | 1>(0, 1)

/** Some of them twice. */
const writesTogether: fc.Arbitrary<readonly Call[]> = fc
  .tuple(fc.array(write, { minLength: 2, maxLength: 5 }), fc.array(fc.nat({ max: 4 }), { maxLength: 2 }))
  .map(([writes, twice]) => [...writes, ...twice.flatMap((index) => writes[index] ?? [])])

const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ type: fc.constant('call' as const), handle, call: write }) },
  { weight: 12, arbitrary: fc.record({ type: fc.constant('call' as const), handle, call: read }) },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('together' as const),
      handle,
      writes: writesTogether,
      closing: fc.constantFrom(false, false, true),
    }),
  },
  { weight: 4, arbitrary: fc.record({ type: fc.constant('again' as const), handle, back: fc.nat({ max: 3 }) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('reopen' as const), handle }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('advance' as const), ms: advanceMs }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('set_clock' as const), at: wallClock }) },
)
