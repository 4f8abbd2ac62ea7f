import type { StoreError, StoreErrorCode } from './errors.ts'
import type { HealthProblem } from './health.ts'

/** What a store asks of its database. */
export type Asked = 'write' | 'read' | 'probe'

/** A look at the database does not see them: who writes does. They last until somebody mends the disk. */
const LASTING: ReadonlySet<StoreErrorCode> = new Set<StoreErrorCode>(['DISK_FULL', 'IO', 'READ_ONLY', 'CORRUPT'])

/** What has failed last, of each kind, and since when: until the same succeeds. */
export class Troubles {
  readonly #failing = new Map<Asked, HealthProblem>()

  failed(asked: Asked, { code, message }: StoreError, at: Date): void {
    const known = this.#failing.get(asked)
    // What passes by itself says nothing of what does not.
    if (known !== undefined && LASTING.has(known.code) && !LASTING.has(code)) return
    this.#failing.set(asked, { code, message, since: known?.code === code ? known.since : at })
  }

  succeeded(asked: Asked): void {
    if (this.#failing.size > 0) this.#failing.delete(asked)
  }

  /** Since when the database fails with this code, whatever it is asked. */
  since(code: StoreErrorCode, now: Date): Date {
    const known = [...this.#failing.values()].flatMap((problem) => (problem.code === code ? [problem.since] : []))
    return new Date(Math.min(now.getTime(), ...known.map((since) => since.getTime())))
  }

  /** Why the last write failed, where only another write can show that the reason is gone. */
  get ofWrites(): HealthProblem | undefined {
    const problem = this.#failing.get('write')
    return problem !== undefined && LASTING.has(problem.code) ? problem : undefined
  }
}
