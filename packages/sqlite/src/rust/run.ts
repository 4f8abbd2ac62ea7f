import type { Comparison } from './comparison.ts'
import type { Corrections } from './corrections.ts'
import type { Quarantine } from './quarantine.ts'
import type { Problems } from './report.ts'
import type { SessionsSoFar } from './session.ts'
import type { RustSource } from './source.ts'
import type { ImportWriter } from './writer.ts'

/** One import, as its phases share it. */
export interface ImportRun {
  readonly source: RustSource
  readonly writer: ImportWriter
  readonly problems: Problems
  readonly quarantine: Quarantine
  readonly sessions: SessionsSoFar
  readonly comparison: Comparison
  readonly corrections: Corrections
  /** Tells how far a phase has come. @throws the reason of the caller's signal once that is aborted. */
  step(phase: ImportPhase, done: number): void
}

export type ImportPhase = 'audits' | 'usage' | 'cooldowns' | 'snapshot'
