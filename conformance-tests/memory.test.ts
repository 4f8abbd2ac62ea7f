import { storeCases } from '@shepherd-store/core/conformance'
import { test } from 'vitest'
import { memoryHarness } from './memory-harness.ts'

for (const { id, run } of storeCases(memoryHarness)) test(id, run)
