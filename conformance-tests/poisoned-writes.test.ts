import assert from 'node:assert/strict'
import { isStoreError, type Store } from '@shepherd-store/core'
import { afterAll, describe, inject, test } from 'vitest'
import { temporaryDirectories } from './directories.ts'
import { createDatabase } from './postgres/database.ts'
import { sqlPlaces } from './sql-raw.ts'

const DAY = '2026-11-23'
/** They share one commit. */
const WRITES = 100

/** What an administrator's constraint, or one of a later schema, does: the database refuses one row and no other. */
const POISON = {
  sqlite: `create trigger poison before insert on usage when new.entry_id = 'poison'
    begin select raise(abort, 'poison'); end`,
  postgres: `alter table usage add constraint poison check (entry_id <> 'poison')`,
}

const directories = temporaryDirectories()
const { url, drop } = await createDatabase(inject('postgresUrl'))
afterAll(drop)

for (const { name, createPlace } of sqlPlaces(url, directories)) {
  describe(name, () => {
    test.each([[[0]], [[37]], [[WRITES - 1]], [[3, 4, 90]]])(
      'fails the writes %j that the database refuses, and applies all that came with them once',
      async (poisoned) => {
        const { store, exec } = await createPlace()
        await exec(POISON[name])
        const entries = Array.from({ length: WRITES }, (_, index) =>
          poisoned.includes(index) ? 'poison' : `entry-${index}`,
        )
        const write = (entryId: string, index: number) => addAndTell(store, entryId, `op-${index}`)
        const results = await Promise.allSettled(entries.map(write))

        const ids = results.flatMap((result, index) => {
          if (result.status === 'fulfilled') return result.value.audits.map(({ id }) => id)
          assert.equal(entries[index], 'poison')
          assert.ok(isStoreError(result.reason, 'DATABASE'), String(result.reason))
          assert.equal(result.reason.outcome, 'not_applied')
          return []
        })
        const sound = entries.filter((entryId) => entryId !== 'poison')
        assert.deepEqual(
          ids,
          Array.from(sound, (_, index) => index + 1),
        )
        const usage = await store.listUsage({ from: DAY, to: '2026-11-24', by: ['entry'] })
        assert.deepEqual(
          Object.fromEntries(usage.map(({ entryId, durationMs }) => [entryId, durationMs])),
          Object.fromEntries(sound.map((entryId) => [entryId, 7])),
        )
        const { intact, checked } = await store.verifyAudits()
        assert.deepEqual({ intact, checked }, { intact: true, checked: sound.length })

        const again = await Promise.all(
          entries.flatMap((entryId, index) => (entryId === 'poison' ? [] : [write(entryId, index)])),
        )
        assert.ok(again.every(({ repeated }) => repeated))
      },
    )
  })
}

function addAndTell(store: Store, entryId: string, operationId: string) {
  return store.commit(
    [
      { type: 'add_usage', entryId, day: DAY, durationMs: 7 },
      { type: 'append_audit', event: { type: 'service_started' } },
    ],
    { operationId },
  )
}
