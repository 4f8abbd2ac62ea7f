import { storeCases } from '@shepherd-store/core/conformance'
import { test } from 'vitest'
import { sqliteHarness } from './sqlite-harness.ts'

for (const { id, run } of storeCases(sqliteHarness)) test(id, run)
