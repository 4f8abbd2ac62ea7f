import { readFileSync } from 'node:fs'

/** Prints, as one line, what `npm test` counted in its report; fails if a test failed, or if none ran. */
interface Report {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numPendingTests: number
  readonly numTodoTests: number
  readonly success: boolean
  readonly testResults: readonly {
    readonly status: string
    readonly assertionResults: readonly { readonly status: string }[]
  }[]
}

const [file = ''] = process.argv.slice(2)
const report = JSON.parse(readFileSync(file, 'utf8')) as Report

/** Files that failed outside of their tests. */
const broken = report.testResults.filter(
  ({ status, assertionResults }) => status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
)
const failed = report.numFailedTests + broken.length
console.log(
  `${report.numPassedTests} passed, ${failed} failed, ${report.numPendingTests + report.numTodoTests} skipped`,
)
if (failed > 0 || !report.success || report.numPassedTests === 0) process.exitCode = 1
