import process from 'node:process'
import { type StoreCase, type Harness, storeCases } from '@shepherd-store/core/conformance'

/** Whether every case is tried in every way, which costs minutes. */
const WHOLE = process.env['SHEPHERD_TEST_WHOLE_SUITE'] === '1'

/** One case in so many, for what differs little from where each of them is tried. */
export function partOfSuite(harness: Harness, oneIn: number): readonly StoreCase[] {
  return storeCases(harness).filter((_, index) => WHOLE || index % oneIn === 0)
}

/** The suite under the test runner of Node, on the store in memory, where another runner tries each case. */
export function casesOfNodeTest(harness: Harness): readonly StoreCase[] {
  return partOfSuite(harness, 6)
}
