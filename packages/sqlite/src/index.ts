export {
  openSqliteDriver,
  openSqliteStore,
  type SqliteDriverOptions,
  type SqliteStore,
  type SqliteStoreOptions,
} from './open.ts'
export { sqliteFlavor } from './flavor.ts'
export { sqliteRunner, type SqliteRunnerOptions } from './runner.ts'
