import { storeCases } from '@shepherd-store/core/conformance'
import { test } from 'vitest'
import { mapHarness } from './map-harness.ts'

for (const { id, run } of storeCases(mapHarness)) test(id, run)
