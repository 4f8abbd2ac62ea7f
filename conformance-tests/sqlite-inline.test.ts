import { storeCases } from '@shepherd-store/core/conformance'
import { test } from 'vitest'
import { sqliteInlineHarness } from './sqlite-inline-harness.ts'

for (const { id, run } of storeCases(sqliteInlineHarness)) test(id, run)
