import assert from 'node:assert/strict'
import { afterAll, describe, inject, test } from 'vitest'
import { temporaryDirectories } from './directories.ts'
import { createDatabase } from './postgres/database.ts'
import { seed } from './seed.ts'
import { RESTORE, tamperPlaces } from './tampering/place.ts'
import { headOf, tamperings } from './tampering/tampering.ts'

/** `SHEPHERD_TEST_TAMPERINGS`: at how many places of the log of each backend something is changed. */
const count = Number(process.env['SHEPHERD_TEST_TAMPERINGS'] ?? 120)

const { url, drop } = await createDatabase(inject('postgresUrl'))
afterAll(drop)

describe.each(tamperPlaces(url, temporaryDirectories()))('a log without its triggers, on $name', ({ createPlace }) => {
  const name = `names the first record that is not as it was written, of each of ${count} changes in SQL`
  test(name, { timeout: 60_000 + count * 200 }, async () => {
    const { store, records, exec } = await createPlace()
    const whole = await store.verifyAudits()
    assert.deepEqual([whole.intact, whole.checked], [true, records.length])
    assert.ok(whole.erased > 0)
    const wrong: string[] = []
    for (const { what, sql, found, options } of tamperings(records, { count, seed })) {
      await exec(sql)
      const { intact, firstBreak } = await store.verifyAudits(options)
      const named = `${firstBreak?.problem} at ${firstBreak?.id}`
      if (intact || named !== `${found.problem} at ${found.id}`) {
        wrong.push(`${what}: ${intact ? 'intact' : named}, not ${found.problem} at ${found.id}`)
      }
      await exec(RESTORE)
    }
    assert.deepEqual(wrong, [])
    // What was restored is what was there: no change was found in place of another.
    const expectedHead = headOf(records)
    assert.deepEqual(await store.verifyAudits({ expectedHead }), {
      ...whole,
      tail: 'proven',
      blindSpots: whole.blindSpots.slice(1),
    })
  })

  test('names a scope that is said to be forgotten up to a record that is not there', async () => {
    const { store, records, exec } = await createPlace()
    await exec(`insert into forgotten_scopes values ('nobody', 9000000)`)
    const { firstBreak } = await store.verifyAudits()
    assert.deepEqual([firstBreak?.problem, firstBreak?.id], ['erasure_unrecorded', headOf(records).id])
  })

  test('says that it cannot detect a tail that was cut off together with the mark of its end', async () => {
    const { store, records, exec } = await createPlace()
    const { id, hash } = records.at(-11) ?? headOf(records)
    await exec(`delete from audit_log where id > ${id}; update audit_head set last_id = ${id}, last_hash = '${hash}'`)
    const { intact, tail, head, blindSpots } = await store.verifyAudits()
    assert.deepEqual([intact, tail, head], [true, 'unproven', { id, hash }])
    assert.match(blindSpots[0] ?? '', /its tail cut off by somebody who knew how/)
  })
})
