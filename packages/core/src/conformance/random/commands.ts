import fc from 'fast-check'
import type { ModelMethod } from '../model.ts'
import { addition, correctedDay } from './amounts.ts'
import { changes, commitOptions, firstCommits, sessionCommit } from './changes.ts'
import { correction, event, snapshot } from './payloads.ts'
import type { Call, Command } from './perform.ts'
import { auditQuery, limit, sessionQuery, usageQuery, verifyOptions } from './queries.ts'
import {
  advanceMs,
  day,
  entry,
  id,
  instant,
  node,
  object,
  periodOptions,
  scope,
  wallClock,
  writeOptions,
} from './values.ts'

/** Up to `maxCommands` commands on two handles of one place. In most of them there are sessions from the beginning on. */
export function commandSequences(maxCommands: number): fc.Arbitrary<readonly Command[]> {
  return fc
    .tuple(firstCommands, fc.array(command, { minLength: 1, maxLength: maxCommands, size: 'max' }))
    .map(([first, commands]) => [...first, ...commands].slice(0, maxCommands))
}

const correctionOptions = fc
  .tuple(writeOptions, fc.record(correction))
  .map(([options, corrected]) => ({ ...options, ...corrected }))

const added = fc
  .tuple(entry, addition, object(writeOptions))
  .map(([entryId, { day: on, durationMs }, options]) => [entryId, on, durationMs, options])
const corrected = fc
  .tuple(entry, correctedDay, object(correctionOptions))
  .map(([entryId, { day: on, byMs }, options]) => [entryId, on, byMs, options])

/** The arguments of every method, and how often it is called. */
type Arguments = readonly [weight: number, args: fc.Arbitrary<readonly unknown[]>]
const WRITES: Partial<Record<ModelMethod, Arguments>> = {
  commit: [8, fc.tuple(changes, commitOptions)],
  appendAudit: [4, fc.tuple(event, object(writeOptions))],
  addUsage: [4, added],
  setCooldownUntil: [3, fc.tuple(entry, instant)],
  clearCooldown: [1, fc.oneof(fc.tuple(id), fc.tuple(id, object(correctionOptions)))],
  adjustUsage: [3, corrected],
  grantTime: [5, corrected],
  saveSnapshot: [2, fc.tuple(snapshot)],
}
const READS: Partial<Record<ModelMethod, Arguments>> = {
  getUsage: [3, fc.oneof(fc.tuple(id, day), fc.tuple(id, day, periodOptions))],
  getCooldownUntil: [2, fc.tuple(id)],
  loadSnapshot: [2, fc.constant([])],
  getDayState: [3, fc.oneof(fc.tuple(day), fc.tuple(day, periodOptions))],
  listUsage: [3, fc.tuple(usageQuery)],
  listSessions: [4, fc.oneof(fc.constant([]), fc.tuple(sessionQuery))],
  listNodes: [1, fc.constant([])],
  getRecentAudits: [1, fc.tuple(limit)],
  listAudits: [3, fc.tuple(auditQuery)],
  readAudits: [1, fc.tuple(auditQuery)],
  verifyAudits: [1, fc.tuple(verifyOptions)],
  check: [1, fc.tuple(verifyOptions)],
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

/** Nearly always of one scope, so that they meet. */
const sessionCall: fc.Arbitrary<Call> = fc
  .tuple(fc.oneof({ weight: 9, arbitrary: fc.constant('ada') }, { weight: 1, arbitrary: scope }), sessionCommit)
  .map(([of, { node: by, args }]) => ({ method: 'commit', as: { scope: of, node: by }, args }))
const write = fc.oneof({ weight: 2, arbitrary: callsOf(WRITES) }, { weight: 3, arbitrary: sessionCall })
const read = callsOf(READS)
const handle = fc.constantFrom<0 | 1>(0, 1)

const firstCommands: fc.Arbitrary<readonly Command[]> = firstCommits.map((commits) =>
  commits.map(({ node: by, args }) => {
    return { type: 'call', handle: 0, call: { method: 'commit', as: { scope: 'ada', node: by }, args } }
  }),
)

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
  { weight: 2, arbitrary: fc.record({ type: fc.constant('advance' as const), ms: advanceMs }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('set_clock' as const), at: wallClock }) },
)
