import { storeCases } from '@shepherd-store/core/conformance'
import { afterAll, inject, test } from 'vitest'
import { postgresHarness } from './postgres-harness.ts'
import { createDatabase } from './postgres/database.ts'

const { url, drop } = await createDatabase(inject('postgresUrl'))
afterAll(drop)

for (const { id, run } of storeCases(postgresHarness(url))) test(id, run)
