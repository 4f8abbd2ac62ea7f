import { test } from 'node:test'
import { memoryHarness } from './memory-harness.ts'
import { casesOfNodeTest } from './part-of-suite.ts'

for (const { id, run } of casesOfNodeTest(memoryHarness)) void test(id, run)
