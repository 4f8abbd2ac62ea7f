import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { addDays, type Change, createStore, type Day, LIMITS, manualClock, type OwnedStore } from '@shepherd-store/core'
import type { Place, RawAudit } from '@shepherd-store/core/conformance'
import { seeded } from '../session-processes/seeded.ts'
import { runUntilKilled } from './kill.ts'
import { type RetentionMessage, type RetentionTask, UTC } from './tasks.ts'

/** How the kills met a run. */
export interface RetentionKills {
  /** Nothing was cut yet: an archive may be half written. */
  archiving: number
  /** The archive was there, and the log about to be cut behind it. */
  cutting: number
  /** Records behind the cut were on their way out. */
  removing: number
  /** There was nothing left to do. */
  ended: number
}

const NOW = '2026-11-23T10:00:00.000Z'
const FIRST_DAY = '2026-01-01'
/** The last of the log's records, which stay. */
const LAST_DAY = '2026-11-20'
/** Of all records: so many go with the first call, so many stay, and each later call takes an equal part of the rest. */
const FIRST_SHARE = 0.6
const LAST_SHARE = 0.05
/** Later calls for each kill, and how many times as many kills the first one meets. */
const CALLS_PER_KILL = 0.3
const FIRST_WEIGHT = 3
/** Kills that do not come by chance: before the cut, and behind the first removal. */
const FIXED_HOLDS = [1, 3] as const
const DELAY_MS_MAX = 10

interface Phase {
  readonly day: Day
  readonly share: number
  /** With so many days kept, the records of the day are the last that go. */
  readonly keepDays: number
}

/** The calls that archive the log, each up to another day. */
function phasesOf(kills: number): readonly Phase[] {
  const calls = 1 + Math.ceil(kills * CALLS_PER_KILL)
  return Array.from({ length: calls }, (_, index) => {
    const day = addDays(FIRST_DAY, 2 * index)
    const share = index === 0 ? FIRST_SHARE : (1 - FIRST_SHARE - LAST_SHARE) / (calls - 1)
    const keepDays = (Date.parse(NOW.slice(0, 10)) - Date.parse(day)) / DAY_MS - 1
    return { day, share, keepDays }
  })
}
const DAY_MS = 24 * 60 * 60 * 1_000

/** Opens the place as another process would, which comes later. */
export async function openPlace(place: Place): Promise<OwnedStore> {
  return createStore(await place.openDriver({ calendar: UTC }), { clock: manualClock(NOW) })
}

/** A log of so many records, each unlike the others, for so many kills. */
export async function fillLog(place: Place, count: number, kills: number): Promise<void> {
  const clock = manualClock(NOW)
  const store = createStore(await place.openDriver({ calendar: UTC }), { clock })
  let made = 0
  let shares = 0
  for (const { day, share } of [...phasesOf(kills), { day: LAST_DAY, share: LAST_SHARE }]) {
    clock.set(`${day}T12:00:00.000Z`)
    shares += share
    const end = Math.round(count * shares)
    while (made < end) {
      const changes = Array.from({ length: Math.min(256, end - made) }, (_, index): Change => {
        return { type: 'append_audit', event: { type: 'policy_loaded', entryCount: made + index } }
      })
      await store.commit(changes)
      made += changes.length
    }
  }
  await store.close()
}

/** Archives the log, phase by phase, by processes of which so many are killed; each phase is brought to its end. */
export async function killRounds(
  place: Place,
  {
    archiveTo,
    kills,
    before,
    seed,
  }: {
    readonly archiveTo: string
    readonly kills: number
    readonly before: readonly RawAudit[]
    readonly seed: number
  },
): Promise<RetentionKills> {
  const { address } = place
  assert.ok(address !== undefined, 'no other process can open the place')
  const choices = seeded(seed)
  const met: RetentionKills = { archiving: 0, cutting: 0, removing: 0, ended: 0 }
  const phases = phasesOf(kills)
  let killed = 0
  for (const [index, { keepDays, share }] of phases.entries()) {
    const task: RetentionTask = { address, archiveTo, keepDays, now: NOW }
    const steps = stepsOf(before.length * share)
    const end = Math.ceil((kills * (index + FIRST_WEIGHT)) / (phases.length + FIRST_WEIGHT - 1))
    for (; killed < end; killed += 1) {
      const hold = FIXED_HOLDS[killed]
      const part = choices.fraction() < 0.5 ? steps.archiving : steps.all
      const point = { step: choices.integer(1, part), delayMs: choices.fraction() * DELAY_MS_MAX }
      const messages = await (hold === undefined
        ? runUntilKilled(task, point)
        : runUntilKilled({ ...task, holdsBeforeWrite: hold }, { step: Number.POSITIVE_INFINITY, delayMs: 0 }))
      met[whereOf(messages)] += 1
      await nothingIsLost(place, archiveTo, before)
    }
    const messages = await runUntilKilled(task, { step: Number.POSITIVE_INFINITY, delayMs: 0 })
    assert.equal(messages.at(-1)?.type, 'done')
  }
  return met
}

/** How many messages come of a run that takes so many records out of the log; of the first archive at most. */
function stepsOf(records: number): { readonly archiving: number; readonly all: number } {
  const archived = Math.min(records, LIMITS.ARCHIVE_RECORDS_MAX)
  const archiving = 2 * Math.ceil(archived / LIMITS.AUDIT_PAGE_LIMIT_MAX + 3)
  return { archiving, all: archiving + Math.ceil(archived / LIMITS.LOG_BATCH_RECORDS) }
}

function whereOf(messages: readonly RetentionMessage[]): keyof RetentionKills {
  const last = messages.at(-1)
  if (last?.type === 'done') return 'ended'
  const write = messages.findLast(({ type }) => type === 'writing' || type === 'written')
  if (write === undefined || !('table' in write)) return 'archiving'
  if (write.table === 'audit_removal') return 'removing'
  return write.type === 'writing' ? 'cutting' : 'removing'
}

/** Whatever left the log is in an archive that has its manifest, and the log itself begins where that ends or before. */
async function nothingIsLost({ raw }: Place, archiveTo: string, before: readonly RawAudit[]): Promise<void> {
  const manifests = readdirSync(archiveTo, { withFileTypes: true }).filter(({ name }) => name.endsWith('.json'))
  const throughId = Math.max(0, ...manifests.map(({ name }) => Number(name.slice(0, -'.json'.length).split('-')[2])))
  const left = await raw.audits()
  const firstId = left[0]?.id ?? Number.POSITIVE_INFINITY
  assert.ok(firstId <= throughId + 1, `the log begins with ${firstId}, and archives end with ${throughId}`)
  const due = before.slice(firstId - 1)
  assert.deepEqual(
    left.slice(0, due.length).map(({ id, hash }) => `${id} ${hash}`),
    due.map(({ id, hash }) => `${id} ${hash}`),
  )
}
