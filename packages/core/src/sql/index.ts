export type {
  AuditColumns,
  Column,
  DatabaseCheck,
  DatabaseStatus,
  Found,
  LockMode,
  ReplayGuard,
  SqlFlavor,
  SqlRunner,
} from './flavor.ts'
export { SPAN_RECORDS } from './log-schema.ts'
export {
  checkMigrateOptions,
  type FoundSchema,
  inspectSchema,
  isUpToDate,
  type MigrateOptions,
  unrecognizedSchema,
} from './migrate.ts'
export { migrationsFrom, SCHEMA_VERSION } from './migrations.ts'
export { once, prepare } from './prepare.ts'
export {
  Batch,
  endOf,
  type Flight,
  isOneInstant,
  type Program,
  type Row,
  type SqlValue,
  type Statement,
} from './program.ts'
export { databaseCheck, openSqlDriver, sqlDriver, type SqlDriverFacts } from './sql-driver.ts'
export type { AuditLogTable, AuditSpansTable, OperationsTable, Tables, UsageTable } from './tables.ts'
