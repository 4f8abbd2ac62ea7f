import { storeCases } from '@shepherd-store/core/conformance'
import { test } from 'vitest'
import { sqliteInlineHarness } from './sqlite-inline-harness.ts'

/** One case in so many. The driver is the one that runs in the thread of the other store, where each case is tried. */
const CASES_PER_TEST = 2

for (const [index, { id, run }] of storeCases(sqliteInlineHarness).entries())
  if (index % CASES_PER_TEST === 0) test(id, run)
