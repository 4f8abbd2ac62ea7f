import { spawn } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { addDays, type Day, parseDay, type Store } from '@shepherd-store/core'
import { openSqliteStore } from '@shepherd-store/sqlite'
import { callers } from './callers.ts'
import { appendAll, events, turn } from './household.ts'
import { USUAL_WAY } from './our-sqlite.ts'
import type { Place } from './place.ts'
import type { Contender, Row } from './row.ts'
import { USAGE_DAYS, USAGE_ENTRIES, USAGE_FROM } from './usage-years.ts'

const RECORDS = Number(process.env['SHEPHERD_BENCH_RECORDS'] ?? 10_000_000)
/** In both stores, behind what the large one holds besides: both read the same. */
const NEWEST = 300

const READS = 2_000
const NEWEST_READS = 50
const APPENDS = 128
const OPENINGS = 10

const size = `${RECORDS.toLocaleString('en')} records and ten years of usage`

export const steadyState: readonly Row[] = [
  row('steady-newest-100', 'the newest 100 records', NEWEST_READS, (store) => store.getRecentAudits(100)),
  row('steady-append', 'durable append, one caller', APPENDS, (store, index) => store.appendAudit(turn(events, index))),
  row('steady-usage', 'usage of one entry on one day', READS, (store, index) => {
    // A large step, so that neighbours in time are far from each other in the file.
    const place = index * 7_919
    return store.getUsage(`entry-${place % USAGE_ENTRIES}`, dayAt(place % USAGE_DAYS))
  }),
  {
    id: 'steady-open',
    title: `SQLite with ${size}, beside an empty store: open and close`,
    atMost: 1.5,
    operations: OPENINGS,
    rounds: 9,
    contenders: [
      opening('large store', largeStore),
      opening('empty store', async (place) => {
        const path = place.file('empty.db')
        await (await openSqliteStore(path)).close()
        return path
      }),
    ],
  },
]

function row(
  id: string,
  what: string,
  operations: number,
  work: (store: Store, index: number) => Promise<unknown>,
): Row {
  const contender = (name: string, pathOf: (place: Place) => Promise<string>): Contender => ({
    name,
    async start(place) {
      const store = await openSqliteStore(await pathOf(place), USUAL_WAY.options)
      await appendAll(store, NEWEST)
      return { run: () => callers(1, operations, (index) => work(store, index)), close: () => store.close() }
    },
  })
  return {
    id,
    title: `SQLite with ${size}, beside an empty store: ${what}`,
    atMost: 1.5,
    operations,
    rounds: 15,
    contenders: [
      contender('large store', largeStore),
      contender('empty store', async (place) => place.file('empty.db')),
    ],
  }
}

function opening(name: string, pathOf: (place: Place) => Promise<string>): Contender {
  return {
    name,
    async start(place) {
      const path = await pathOf(place)
      return {
        run: () => callers(1, OPENINGS, async () => (await openSqliteStore(path, USUAL_WAY.options)).close()),
        close: () => undefined,
      }
    },
  }
}

const firstDay = parseDay(USAGE_FROM)
const days: readonly Day[] = Array.from({ length: USAGE_DAYS }, (_, index) => addDays(firstDay, index))
const dayAt = (index: number): Day => turn(days, index)

function largeStore(place: Place): Promise<string> {
  return place.shared('large.db', fillInProcess)
}

/** In a process of its own: the statements take a minute each, in which this one could not be interrupted. */
async function fillInProcess(path: string): Promise<void> {
  const script = fileURLToPath(new URL('./fill-store.ts', import.meta.url))
  const child = spawn(process.execPath, [...process.execArgv, script, path, `${RECORDS}`], {
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  const stop = (): void => void child.kill('SIGKILL')
  process.once('exit', stop)
  const [code] = (await once(child, 'exit')) as [number | null]
  process.off('exit', stop)
  if (code !== 0) throw new Error(`the large store could not be filled: its process ended with ${code ?? 'a signal'}`)
}
