import { storeCases } from '@shepherd-store/core/conformance'
import { afterAll, inject, test } from 'vitest'
import { postgresSuiteHarness } from './postgres-suite-harness.ts'

const { harness, close } = postgresSuiteHarness(inject('postgresUrl'))
afterAll(close)

for (const { id, run } of storeCases(harness)) test(id, run)
