import assert from 'node:assert/strict'
import { LIMITS, manualClock, type Store } from '@shepherd-store/core'
import { openSqliteStore } from '@shepherd-store/sqlite'
import { afterAll, describe, inject, test } from 'vitest'
import { temporaryDirectories } from './directories.ts'
import { createDatabase } from './postgres/database.ts'
import { type SqlPlace, sqlPlaces } from './sql-raw.ts'

const DAY = '2026-11-23'
const DAY_S = 24 * 60 * 60
const RETENTION_S = LIMITS.OPERATION_RETENTION_MS / 1_000
const KEPT_MIN = LIMITS.OPERATIONS_KEPT_MIN
/** The most that one write may forget: it is not to pay for the years before it. */
const STEP_MAX = 8
const GROUP = 100
/** Groups until nothing is left to forget, if each of their writes forgets one. */
const GROUPS_MAX = 20
/** Writes, one by one, until 20 writers are forgotten: a store looks for them now and then. */
const WRITES_MAX = 1_000

const directories = temporaryDirectories()
const { url, drop } = await createDatabase(inject('postgresUrl'))
afterAll(drop)

const places = sqlPlaces(url, directories)

test('a clock that once showed a time to come keeps no later operation from being forgotten', async () => {
  const clock = manualClock('2099-01-01T00:00:00Z')
  const store = await openSqliteStore(directories.fresh(), { clock })
  await store.addUsage('minecraft', DAY, 1, { operationId: 'ahead' })
  for (const round of [1, 2, 3]) {
    clock.set(`2026-0${2 * round}-11T00:00:00Z`)
    const ids = Array.from({ length: KEPT_MIN }, (_, index) => `${round}-${index}`)
    await Promise.all(ids.map((operationId) => store.addUsage('minecraft', DAY, 1, { operationId })))
  }
  // One that is forgotten is applied again.
  const before = await store.getUsage('minecraft', DAY)
  await store.addUsage('minecraft', DAY, 1, { operationId: '1-0' })
  assert.equal(await store.getUsage('minecraft', DAY), before + 1)
  await store.close()
})

describe.each(places)('$name', ({ createPlace }) => {
  test('forgets a few of the oldest operations with each write', async () => {
    const place = await createPlace()
    await plant(place, { prefix: 'old', count: 2_000, youngestS: RETENTION_S })
    await add(place.store, 'new')
    const kept = await operations(place)
    assert.ok(kept.length < 2_000 && kept.length > 2_000 - STEP_MAX, `${kept.length} operations are left`)
    assert.deepEqual(kept, [...numbered('old', kept.length - 1), 'new'].toSorted())
  })

  test('keeps the newest 1,000 operations, however old they are', async () => {
    const place = await createPlace()
    await plant(place, { prefix: 'old', count: KEPT_MIN + 10, youngestS: RETENTION_S })
    await addMany(place.store, 'one')
    assert.deepEqual(
      await operations(place),
      [...numbered('one', GROUP), ...numbered('old', KEPT_MIN - GROUP)].toSorted(),
    )
    await addMany(place.store, 'two')
    assert.deepEqual(
      await operations(place),
      [...numbered('one', GROUP), ...numbered('two', GROUP), ...numbered('old', KEPT_MIN - 2 * GROUP)].toSorted(),
    )
  })

  test('forgets, in the end, every operation that is older than 30 days, and none that is younger', async () => {
    const place = await createPlace()
    await add(place.store, 'first')
    await place.exec(`update operations set applied_at = ${place.secondsAgo(`${RETENTION_S - DAY_S}`)}`)
    await plant(place, { prefix: 'young', count: KEPT_MIN, youngestS: RETENTION_S - DAY_S })
    await plant(place, { prefix: 'old', count: GROUP * GROUPS_MAX, youngestS: RETENTION_S })
    let groups = 0
    while ((await operations(place)).some((id) => id.startsWith('old-'))) {
      assert.ok(groups < GROUPS_MAX, `after ${groups * GROUP} writes there still are old operations`)
      await addMany(place.store, `new-${(groups += 1)}`)
    }
    await addMany(place.store, 'last')
    const kept = await operations(place)
    assert.deepEqual(
      kept.filter((id) => !id.startsWith('new-')),
      ['first', ...numbered('young', KEPT_MIN), ...numbered('last', GROUP)].toSorted(),
    )
    assert.equal(kept.filter((id) => id.startsWith('new-')).length, groups * GROUP)
    assert.equal((await add(place.store, 'first')).repeated, true)
    assert.equal(await place.store.getUsage('minecraft', DAY), 1 + (groups + 1) * GROUP)
  })
})

test('forgets, in the end, the writers that were not seen for 30 days, and no others', async () => {
  const place = await places[1].createPlace()
  await place.exec(`
    insert into writers (writer, last_group, applied, last_audit_id, seen_at)
    select 'gone-' || n, 1, '[]', 0, ${place.secondsAgo(`${RETENTION_S} + n`)} from generate_series(1, 20) n
    union all select 'away-' || n, 1, '[]', 0, ${place.secondsAgo(`${RETENTION_S - DAY_S} + n`)} from generate_series(1, 20) n`)
  const gone = `select writer from writers where writer like 'gone-%'`
  let writes = 0
  while ((await place.column(gone)).length > 0) {
    assert.ok(writes < WRITES_MAX, `after ${writes} writes there still are old writers`)
    await add(place.store, `op-${(writes += 1)}`)
  }
  const writers = await place.column(`select writer from writers`)
  assert.deepEqual(writers.filter((writer) => String(writer).startsWith('away-')).length, 20)
  assert.equal(writers.length, 21)
})

/** Operations `PREFIX-1` and so on, each a second older than the one before. */
async function plant(
  place: SqlPlace,
  { prefix, count, youngestS }: { readonly prefix: string; readonly count: number; readonly youngestS: number },
): Promise<void> {
  await place.exec(`
    insert into operations (scope, operation_id, digest, applied_at, first_audit_id, audit_count)
    with recursive series (n) as (select 1 union all select n + 1 from series where n < ${count})
    select 'default', '${prefix}-' || n, '', ${place.secondsAgo(`${youngestS} + n`)}, 1, 0 from series`)
}

function numbered(prefix: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}-${index + 1}`)
}

/** The ids that the store remembers, sorted. */
async function operations(place: SqlPlace): Promise<readonly string[]> {
  return (await place.column('select operation_id from operations')).map(String).toSorted()
}

/** Writes that share one commit. */
async function addMany(store: Store, prefix: string): Promise<void> {
  await Promise.all(numbered(prefix, GROUP).map((operationId) => add(store, operationId)))
}

function add(store: Store, operationId: string) {
  return store.commit([{ type: 'add_usage', entryId: 'minecraft', day: DAY, durationMs: 1 }], { operationId })
}
