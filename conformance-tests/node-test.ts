import { test } from 'node:test'
import { storeCases } from '@shepherd-store/core/conformance'
import { memoryHarness } from './memory-harness.ts'

for (const { id, run } of storeCases(memoryHarness)) void test(id, run)
