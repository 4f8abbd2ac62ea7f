import { test } from 'vitest'
import { partOfSuite } from './part-of-suite.ts'
import { sqliteInlineHarness } from './sqlite-inline-harness.ts'

// The driver is the one that runs in the thread of the other store, where each case is tried.
for (const { id, run } of partOfSuite(sqliteInlineHarness, 2)) test(id, run)
