import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import type { AuditHead } from '../audit.ts'
import type { Change } from '../change.ts'
import type { StoreDriver } from '../driver.ts'
import { StoreError } from '../errors.ts'
import type { Store } from '../store.ts'
import { type Faulty, useOver } from './faulty-driver.ts'
import type { CaseContext, RawAudit } from './harness.ts'

/** When the cases are. With 30 days kept, the day that begins at `CUTOFF` is the first that stays. */
const NOW = '2026-11-23T10:00:00.000Z'
export const CUTOFF = new Date('2026-10-24T00:00:00.000Z')
/** Days that are past with 30 days kept. */
export const OLD_DAYS = ['2026-09-01', '2026-09-02', '2026-10-23'] as const

/** Appends one record at each of these times, by the clock, which shows `NOW` afterwards. */
export async function appendAt(t: CaseContext, store: Store, times: readonly string[]): Promise<void> {
  for (const time of times) {
    t.clock.set(time)
    await store.appendAudit({ type: 'service_started' })
  }
  t.clock.set(NOW)
}

/** Appends so many records at noon of the day, in as few commits as may be. The clock shows `NOW` afterwards. */
export async function appendDay(t: CaseContext, store: Store, day: string, count: number): Promise<void> {
  t.clock.set(`${day}T12:00:00.000Z`)
  for (let done = 0; done < count; done += 256) {
    const changes = Array.from({ length: Math.min(256, count - done) }, (_, index): Change => ({
      type: 'append_audit',
      event: { type: 'policy_loaded', entryCount: done + index },
    }))
    await store.commit(changes)
  }
  t.clock.set(NOW)
}

/** Gives a directory that is not there yet. It goes with the case. */
export async function withDirectory(use: (directory: string) => Promise<void>): Promise<void> {
  const parent = await mkdtemp(join(tmpdir(), 'shepherd-store-case-'))
  try {
    await use(join(parent, 'archive'))
  } finally {
    await rm(parent, { recursive: true })
  }
}

/** An archive as another program sees it. */
export interface ArchiveSeen {
  readonly file: string
  readonly records: readonly AuditHead[]
}

/** The archives of the directory, in order; each is what its manifest says. A directory that is not there holds none. */
export async function archivesIn(directory: string): Promise<readonly ArchiveSeen[]> {
  const names = await readdir(directory).catch(() => [])
  return Promise.all(
    names
      .filter((name) => name.endsWith('.json'))
      .toSorted()
      .map(async (name) => {
        const manifest = JSON.parse(await readFile(join(directory, name), 'utf8')) as Record<string, unknown>
        const file = String(manifest['file'])
        const bytes = await readFile(join(directory, file))
        assert.equal(createHash('sha256').update(bytes).digest('hex'), manifest['sha256'], file)
        const lines = gunzipSync(bytes).toString('utf8').trimEnd().split('\n')
        const records = lines.map((line) => JSON.parse(line) as AuditHead & { readonly previous_hash?: string })
        const [first, last] = [records[0], records.at(-1)]
        assert.deepEqual(
          [first?.id, first?.previous_hash, last?.id, last?.hash, records.length],
          ['first_id', 'previous_hash', 'through_id', 'hash', 'records'].map((field) => manifest[field]),
          file,
        )
        return { file, records: records.map(({ id, hash }) => ({ id, hash })) }
      }),
  )
}

/** Asserts that what is archived and what is left are what was there, each record once, and that the log verifies. */
export async function holdsEverything(
  { place }: CaseContext,
  {
    store,
    directory,
    before,
  }: { readonly store: Store; readonly directory: string; readonly before: readonly RawAudit[] },
): Promise<void> {
  const archived = (await archivesIn(directory)).flatMap(({ records }) => records)
  const left = (await place.raw.audits()).map(({ id, hash }) => ({ id, hash }))
  const all = [...archived, ...left]
  assert.deepEqual(
    all.slice(0, before.length),
    before.map(({ id, hash }) => ({ id, hash })),
  )
  assert.deepEqual(
    all.map(({ id }) => id),
    all.map((_, index) => index + 1),
  )
  const { intact, firstBreak } = await store.verifyAudits()
  assert.ok(intact, firstBreak?.message)
}

/** The ids of records as they are stored. */
export async function storedIds({ place }: CaseContext): Promise<readonly number[]> {
  return (await place.raw.audits()).map(({ id }) => id)
}

/** Uses a store of which the `nth` write fails, or takes effect and its reply is lost. Says whether there was such a one. */
export async function withFailingWrite(
  t: CaseContext,
  { nth, applied }: { readonly nth: number; readonly applied: boolean },
  use: (store: Store) => Promise<void>,
): Promise<boolean> {
  let writes = 0
  const fail = (driver: StoreDriver): Faulty => ({
    async write(units) {
      writes += 1
      if (writes !== nth) return driver.write(units)
      if (applied) await driver.write(units)
      const outcome = applied ? 'unknown' : 'not_applied'
      throw new StoreError('UNAVAILABLE', 'the connection was lost on purpose', { outcome })
    },
  })
  await useOver(t, fail, use)
  return writes >= nth
}

/** Uses a store of which the `nth` read fails. */
export async function withFailingRead(
  t: CaseContext,
  { nth }: { readonly nth: number },
  use: (store: Store) => Promise<void>,
): Promise<void> {
  let reads = 0
  const fail = (driver: StoreDriver): Faulty => ({
    async read(request) {
      reads += 1
      if (reads !== nth) return driver.read(request)
      throw new StoreError('UNAVAILABLE', 'the connection was lost on purpose')
    },
  })
  await useOver(t, fail, use)
}
