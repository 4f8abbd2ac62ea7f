import assert from 'node:assert/strict'
import type { CheckOptions, CheckProgress, CheckReport } from '../check-report.ts'
import type { CheckStep } from '../driver.ts'
import { LIMITS } from '../limits.ts'
import type { Store } from '../store.ts'
import { fillEveryTable, looksBeside } from './check-places.ts'
import { contentsOf } from './contents.ts'
import { refusesEach, rejectsWith } from './expect.ts'
import { useOver } from './faulty-driver.ts'
import type { CaseDefinition, SpoiledRow } from './harness.ts'

const DAY = '2026-11-23'
const OF_MIA = { scope: 'mia' } as const

/** What `RawAccess` can spoil beside the log, all of a scope that is not the store's own; and where a report has to tell of it. */
const SPOILS: readonly (readonly [row: SpoiledRow, part: string])[] = [
  [
    { table: 'usage', ...OF_MIA, day: DAY, entryId: 'minecraft', node: 'local' },
    'usage ["mia","2026-11-23","minecraft","local"]',
  ],
  [{ table: 'cooldown', ...OF_MIA, entryId: 'minecraft' }, 'cooldowns ["mia","minecraft"]'],
  [{ table: 'session', ...OF_MIA, sessionId: 's-1' }, 'sessions ["mia","s-1"]'],
  [{ table: 'grant', ...OF_MIA, day: DAY, entryId: 'chess' }, 'grants ["mia","2026-11-23","chess"]'],
  [{ table: 'snapshot', ...OF_MIA, node: 'local' }, 'snapshot ["mia","local"]'],
]

/** All that is told of a sound store. */
async function isSound(store: Store, options?: CheckOptions): Promise<CheckReport> {
  const report = await store.check(options)
  assert.deepEqual(report.problems, [])
  assert.deepEqual([report.sound, report.problemCount, report.audits?.intact], [true, 0, true])
  return report
}

const partsOf = ({ problems }: CheckReport): readonly string[] => problems.map(({ part }) => part)

export const checkCases: readonly CaseDefinition[] = [
  {
    id: 'check/sound/an-empty-store-and-a-full-one-are-sound',
    prevents: 'a check that cries wolf, and is not looked at when it counts',
    async run(t) {
      const store = await t.open()
      await isSound(store)
      await fillEveryTable(store)
      const { checkedAt, audits, blindSpots } = await isSound(store)
      assert.deepEqual(checkedAt, t.clock.now())
      assert.deepEqual(audits, await store.verifyAudits())
      // What a log alone cannot show, and what nothing proves.
      assert.ok(blindSpots.some((spot) => /tail cut off/.test(spot)))
      assert.ok(blindSpots.some((spot) => /beside the log/.test(spot)))
      const expectedHead = await store.auditHead()
      assert.equal((await isSound(store, { expectedHead })).audits?.tail, 'proven')
    },
  },
  {
    id: 'check/sound/looks-at-every-page',
    prevents: 'a check that finds nothing, as it has looked at the first thousand rows',
    async run(t) {
      const store = await t.open()
      const rows = LIMITS.CHECK_PAGE_ROWS + 2
      const last = { table: 'usage', scope: 'default', day: DAY, entryId: `e-${rows}`, node: 'local' } as const
      const entries = Array.from({ length: rows }, (_, index) => `e-${String(index + 1).padStart(4, '0')}`)
      for (let at = 0; at < rows; at += 256) {
        await store.commit(
          entries.slice(at, at + 256).map((entryId) => ({ type: 'add_usage', entryId, day: DAY, durationMs: 1 })),
        )
      }
      await isSound(store)
      await t.place.raw.spoil(last)
      const report = await store.check()
      const isTold = partsOf(report).includes(`usage ["default","${DAY}","e-${rows}","local"]`)
      assert.equal(isTold, await looksBeside(t))
    },
  },
  {
    id: 'check/spoiled/names-every-row-that-cannot-be-read',
    prevents: 'a row that nobody can read, and that is found when a child is at the door',
    async run(t) {
      const store = await t.open()
      await fillEveryTable(store)
      for (const [row] of SPOILS) await t.place.raw.spoil(row)
      const report = await store.check()
      if (!(await looksBeside(t))) {
        assert.ok(report.blindSpots.some((spot) => spot.startsWith('Everything beside the log')))
        return
      }
      assert.equal(report.sound, false)
      assert.ok(report.problemCount >= SPOILS.length && report.problems.length === report.problemCount)
      for (const [{ table }, part] of SPOILS) {
        const found = report.problems.find((problem) => problem.part === part)
        assert.equal(found?.code, 'MALFORMED', `${table}: ${JSON.stringify(report.problems)}`)
        assert.match(found?.message ?? '', /.+; .+/)
      }
      assert.equal(report.audits?.intact, true)
      assert.equal((await store.view({ scope: 'otto' }).check()).problemCount, report.problemCount)
    },
  },
  {
    id: 'check/spoiled/counts-all-and-tells-the-first',
    prevents: 'a report of a million lines, or one that makes a thousand problems a hundred',
    async run(t) {
      const due = LIMITS.CHECK_PROBLEMS_MAX + 7
      const problem = { code: 'MALFORMED', part: 'rows', message: 'it is spoiled; repair it' } as const
      const step = { part: 'rows', checked: 3, blindSpots: ['the dark'] }
      const check = async (place?: object): Promise<CheckStep> =>
        place === undefined
          ? { ...step, problems: [problem, problem], next: { part: 'rows', after: 3 } }
          : { ...step, problems: Array.from({ length: due - 2 }, () => problem) }
      await useOver(
        t,
        () => ({ check }),
        async (store) => {
          const { sound, problems, problemCount, blindSpots } = await store.check()
          assert.deepEqual([sound, problems.length, problemCount], [false, LIMITS.CHECK_PROBLEMS_MAX, due])
          assert.equal(blindSpots.filter((spot) => spot === 'the dark').length, 2)
        },
      )
    },
  },
  {
    id: 'check/log/names-the-record-that-was-changed-and-what-is-gone',
    prevents: 'a check of the database that does not look at the log, which is what can be proven',
    async run(t) {
      const store = await t.open()
      await fillEveryTable(store)
      const head = await store.auditHead()
      const missing = await store.check({ expectedHead: { id: (head?.id ?? 0) + 1, hash: 'ab'.repeat(32) } })
      assert.deepEqual([missing.sound, missing.audits?.firstBreak?.problem], [false, 'head_missing'])
      await t.place.raw.spoil({ table: 'audit', id: 2 })
      const report = await store.check()
      assert.deepEqual([report.sound, report.problems[0]?.code], [false, 'MALFORMED'])
      assert.deepEqual([report.problems[0]?.part, report.problemCount], ['audit_log [2]', 1])
      assert.deepEqual(report.audits?.firstBreak, (await store.verifyAudits()).firstBreak)
      assert.ok(report.blindSpots.some((spot) => spot.includes('records behind 2')))
    },
  },
  {
    id: 'check/trace/leaves-none',
    prevents: 'a check that repairs, or writes, what somebody wants to look at as it is',
    async run(t) {
      const store = await t.open()
      await fillEveryTable(store)
      await t.place.raw.spoil({ table: 'cooldown', ...OF_MIA, entryId: 'minecraft' })
      const views = [store, store.view(OF_MIA)]
      const all = () => Promise.all(views.map((view) => contentsOf(t.place, view)))
      const before = await all()
      const first = await store.check()
      assert.deepEqual(await store.check(), first)
      assert.deepEqual(await all(), before)
    },
  },
  {
    id: 'check/progress/tells-what-is-looked-at',
    prevents: 'an hour in which nobody knows whether it still runs',
    async run(t) {
      const store = await t.open()
      await fillEveryTable(store)
      const seen: CheckProgress[] = []
      await store.check({ onProgress: (progress) => void seen.push(progress) })
      const usage = seen.filter(({ part }) => part === 'usage')
      if (await looksBeside(t)) assert.equal(usage.at(-1)?.checked, (await t.place.raw.usage()).length)
      else assert.deepEqual(usage, [])
    },
  },
  {
    id: 'check/signal/stops-it-without-a-report',
    prevents: 'a check that was stopped halfway and calls the store sound',
    async run(t) {
      const store = await t.open()
      await fillEveryTable(store)
      const error = await rejectsWith(store.check({ signal: AbortSignal.abort() }), 'ABORTED', 'not_applied')
      assert.equal(error.operation, 'check')
      let steps = 0
      const controller = new AbortController()
      const stopAtSecond = async (): Promise<CheckStep> => {
        steps += 1
        if (steps === 2) controller.abort()
        return { part: 'rows', checked: 1, problems: [], blindSpots: [], next: { part: 'rows' } }
      }
      await useOver(
        t,
        () => ({ check: stopAtSecond }),
        async (over) => {
          await rejectsWith(over.check({ signal: controller.signal }), 'ABORTED', 'not_applied')
        },
      )
      assert.equal(steps, 2)
      await isSound(store, { signal: new AbortController().signal })
    },
  },
  {
    id: 'check/arguments/malformed-ones-are-refused',
    prevents: 'a mistyped option that is passed over, and a log that seems to be proven',
    async run(t) {
      const store = await t.open()
      const options: readonly unknown[] = [
        ...[{ expectedHead: { id: 0, hash: 'ab'.repeat(32) } }, { expectedHead: 1 }, { expectHead: undefined }],
        ...[{ signal: 'stop' }, { signal: null }, { onProgress: 'yes' }, { from: undefined }, null, [], 'all'],
      ]
      await refusesEach(options.map((each) => [JSON.stringify(each), () => store.check(each as never)]))
      const fails = () => {
        throw new Error('no')
      }
      await store.appendAudit({ type: 'service_started' })
      if (await looksBeside(t)) await rejectsWith(store.check({ onProgress: fails }), 'INVALID_ARGUMENT')
    },
  },
]
