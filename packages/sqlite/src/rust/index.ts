export { type ImportProgress, importRustStore, type RustImportOptions } from './import.ts'
export type {
  EndedSession,
  Listed,
  RowCounts,
  RowProblem,
  RustComparison,
  RustImportReport,
  SessionWithoutEnd,
  SnapshotCounts,
  UnfinishedSession,
  UsageCounts,
  UsageDifference,
} from './report.ts'
export type { ImportPhase } from './run.ts'
export type { RustSchema, RustTable } from './table-reader.ts'
