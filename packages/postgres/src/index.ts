export { openPostgresDriver, openPostgresStore, type PostgresDriverOptions, type PostgresStoreOptions } from './open.ts'
export { type PostgresRoles, postgresRoles } from './roles.ts'
