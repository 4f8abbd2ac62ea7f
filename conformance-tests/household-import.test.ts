import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { manualClock, type OwnedStore, recoverSession } from '@shepherd-store/core'
import { createMemoryStore } from '@shepherd-store/memory'
import { openPostgresStore } from '@shepherd-store/postgres'
import { openSqliteStore } from '@shepherd-store/sqlite'
import { importRustStore } from '@shepherd-store/sqlite/rust'
import { inject, onTestFinished, test, expect } from 'vitest'
import { makeHousehold } from '../examples/household/make.ts'
import { temporaryDirectories } from './directories.ts'
import { createDatabase } from './postgres/database.ts'

const directories = temporaryDirectories()
const options = {
  clock: manualClock('2026-11-24T12:00:00Z'),
  calendar: { timeZone: 'Europe/Berlin' },
  node: 'study',
}

/** Empty stores of days in Berlin. */
const STORES: Readonly<Record<string, () => Promise<OwnedStore>>> = {
  memory: async () => createMemoryStore(options),
  sqlite: () => openSqliteStore(join(directories.fresh(), 'store.db'), options),
  postgres: async () => {
    const { url, drop } = await createDatabase(inject('postgresUrl'))
    onTestFinished(drop)
    return openPostgresStore(url, options)
  },
}

test.each(Object.keys(STORES))(
  "on %s the household's unfinished session is imported open, and booked over midnight once it is recovered",
  async (backend) => {
    const store = await STORES[backend]?.()
    if (store === undefined) throw new Error(`there is no ${backend}`)
    const source = join(directories.fresh(), 'household.db')
    mkdirSync(join(source, '..'))
    // 12 minutes until ten past midnight in Berlin.
    makeHousehold(source, { until: new Date('2026-11-23T23:10:00Z') })

    const { unfinishedSession, counts } = await importRustStore(source, store)
    expect(unfinishedSession).toMatchObject({ result: 'opened', playedMs: 720_000 })
    expect(await store.listSessions({ open: true })).toMatchObject([
      { node: 'study', run: 'imported', entryId: unfinishedSession?.entryId, durationMs: 0 },
    ])
    const total = () => store.listUsage({ from: '2026-01-01', to: '2027-01-01' })
    expect(await total()).toMatchObject([{ durationMs: counts.usage.totalMs }])

    expect(await recoverSession(store)).toMatchObject({
      durationMs: 720_000,
      endedAt: new Date('2026-11-23T23:10:00Z'),
    })
    const booked = await store.listUsage({ from: '2026-11-23', to: '2026-11-25', by: ['day'], node: 'study' })
    expect(booked.map(({ day, durationMs }) => [day, durationMs])).toEqual([
      ['2026-11-23', 120_000],
      ['2026-11-24', 600_000],
    ])
    expect(await recoverSession(store)).toBeUndefined()
    expect((await importRustStore(source, store)).unfinishedSession?.result).toBe('already_there')
    expect(await total()).toMatchObject([{ durationMs: counts.usage.totalMs + 720_000 }])
    expect(await store.verifyAudits()).toMatchObject({ intact: true })
    await store.close()
  },
)
