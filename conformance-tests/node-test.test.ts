import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { memoryHarness } from './memory-harness.ts'
import { casesOfNodeTest } from './part-of-suite.ts'

const TIMEOUT_MS = 180_000

test('cases of every kind run, and pass, under the test runner of Node', { timeout: TIMEOUT_MS }, async () => {
  const output = await runTests(fileURLToPath(import.meta.resolve('./node-test.ts')))
  const failed = [...output.matchAll(/^not ok \d+ - (.*)$/gm)].map(([, id]) => id)
  const counts = [...output.matchAll(/^# (tests|pass|skipped|todo) (\d+)$/gm)]
  const all = casesOfNodeTest(memoryHarness).length
  expect({ failed, ...Object.fromEntries(counts.map(([, name, count]) => [name, Number(count)])) }).toEqual({
    failed: [],
    tests: all,
    pass: all,
    skipped: 0,
    todo: 0,
  })
})

/** What the runner prints, in the form of TAP, whether or not tests fail. */
function runTests(file: string): Promise<string> {
  const args = ['--conditions=@shepherd-store/source', '--test', '--test-reporter=tap', file]
  return new Promise((resolve) => {
    execFile(process.execPath, args, { timeout: TIMEOUT_MS, maxBuffer: 64 * 1_024 * 1_024 }, (_error, stdout) =>
      resolve(stdout),
    )
  })
}
