import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { type Store, systemClock } from '@shepherd-store/core'
import { largePostgresLog, largeSqliteLog, type LargeLog } from '../conformance-tests/large-log/places.ts'
import { questions } from '../conformance-tests/large-log/questions.ts'

/** How long questions to a large log take, beside the same questions to a small one, in one run. */
const RECORDS = Number(process.env['SHEPHERD_BENCH_RECORDS'] ?? 10_000_000)
const SMALL = 10_000
const ROUNDS = 41
const showsPlans = process.argv.includes('--plans')

const directory = mkdtempSync(join(process.env['SHEPHERD_BENCH_DIR'] ?? tmpdir(), 'shepherd-bench-'))
try {
  await compare('sqlite', (count) => largeSqliteLog(join(directory, `${count}.db`), count))
  const url = process.env['SHEPHERD_TEST_POSTGRES_URL']
  if (url === undefined) console.log('postgres: set SHEPHERD_TEST_POSTGRES_URL to a server')
  else await compare('postgres', (count) => largePostgresLog(url, `bench_${count}`, count))
} finally {
  rmSync(directory, { recursive: true })
}

async function compare(backend: string, make: (count: number) => Promise<LargeLog>): Promise<void> {
  const startedMs = systemClock.monotonicMs()
  const [small, large] = [await make(SMALL), await make(RECORDS)]
  console.log(`${backend}: filled in ${((systemClock.monotonicMs() - startedMs) / 1_000).toFixed(0)} s`)
  const ofSmall = new Map(questions(SMALL).map(({ what, query }) => [what, query]))
  for (const { what, query } of questions(RECORDS)) {
    const times: readonly [number[], number[]] = [[], []]
    let records = 0
    for (let round = 0; round < ROUNDS; round += 1) {
      times[0].push(await timed(small.store, () => ofSmall.get(what)))
      times[1].push(
        await timed(
          large.store,
          () => query,
          (found) => (records = found),
        ),
      )
    }
    const [smallMs, largeMs] = times.map(median) as [number, number]
    const ratio = (largeMs / smallMs).toFixed(1)
    console.log(
      `${backend}: ${what}: ${largeMs.toFixed(2)} ms (${records} records), ${ratio} × ${SMALL} records (${smallMs.toFixed(2)} ms)`,
    )
    if (showsPlans)
      for (const plan of await large.plansOf(() => large.store.listAudits(query))) console.log(indented(plan))
  }
  await small.close()
  await large.close()
}

async function timed(
  store: Store,
  queryOf: () => Parameters<Store['listAudits']>[0],
  tell: (records: number) => void = () => {},
): Promise<number> {
  const query = queryOf()
  const startedMs = systemClock.monotonicMs()
  const records = await store.listAudits(query)
  tell(records.length)
  return systemClock.monotonicMs() - startedMs
}

function median(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[times.length >> 1] ?? 0
}

function indented(text: string): string {
  return text.replaceAll(/^/gm, '    ')
}
