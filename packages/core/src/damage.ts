import type { CheckProblem } from './check-report.ts'
import { type StoreErrorCode, toStoreError } from './errors.ts'

/** Failures that tell of what is stored. With any other one nobody could look. */
const DAMAGE: ReadonlySet<StoreErrorCode> = new Set(['CORRUPT', 'MALFORMED', 'UNRECOGNIZED_SCHEMA', 'IO', 'DATABASE'])

/** What a failure to read a part tells of it; `undefined`: nothing, as nobody could look. */
export function damageIn(part: string, error: unknown): CheckProblem | undefined {
  const { code, message, retryable } = toStoreError(error, 'not_applied')
  return DAMAGE.has(code) && !retryable ? { code, part, message } : undefined
}
