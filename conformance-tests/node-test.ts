import { test } from 'node:test'
import { storeCases } from '@shepherd-store/core/conformance'
import { memoryHarness } from './memory-harness.ts'

/** One case in so many: that each passes on this store, another runner has shown. */
const CASES_PER_TEST = 6

for (const [index, { id, run }] of storeCases(memoryHarness).entries())
  if (index % CASES_PER_TEST === 0) void test(id, run)
