export { openPostgresDriver, openPostgresStore, type PostgresDriverOptions, type PostgresStoreOptions } from './open.ts'
