import type { CheckProblem } from '@shepherd-store/core'
import {
  Batch,
  type DatabaseCheck,
  type Found,
  migrationsFrom,
  type Program,
  SCHEMA_VERSION,
  type SqlFlavor,
  type Statement,
} from '@shepherd-store/core/sql'
import Database from 'better-sqlite3'
import { APPLICATION_ID } from './definitions.ts'

/** Of one look at the file, SQLite tells at most so many defects. */
const MESSAGES_MAX = 100

/** The part of a check that reads every page of the file at once. */
export const WHOLE_FILE = 'file'

/** What SQLite can tell of the file, and whether its schema is the one that the migrations make. */
export function fileChecks(flavor: () => SqlFlavor): readonly DatabaseCheck[] {
  return [
    { part: WHOLE_FILE, look: () => checkFile() },
    { part: 'schema', look: () => checkSchema(flavor()) },
  ]
}

/** Pages, their order, indexes, and what the tables allow in a row. */
function* checkFile(): Program<Found> {
  const batch = new Batch()
  const found = batch.add<{ readonly integrity_check: string }>({
    sql: `pragma integrity_check(${MESSAGES_MAX})`,
    parameters: [],
    once: true,
  })
  yield* batch.commit()
  const messages = found().map((row) => row.integrity_check)
  const problems = messages
    .filter((message) => message !== 'ok')
    .map((text): CheckProblem => ({ code: 'CORRUPT', part: WHOLE_FILE, message: `${text}: restore a backup` }))
  return { checked: messages.length, problems, blindSpots: [FREE_SPACE] }
}

const FREE_SPACE = 'Bytes of the file that nothing is read from.'

/** One thing that the schema defines. */
interface Defined {
  readonly name: string
  readonly type: string
  readonly tbl_name: string
  readonly sql: string
}

function* checkSchema(flavor: SqlFlavor): Program<Found> {
  const due = expectedSchema(flavor)
  const batch = new Batch()
  const found = batch.add(DEFINED)
  const versions = batch.add(USER_VERSION)
  const references = batch.add(REFERENCES)
  yield* batch.commit()
  const there = new Map(found().map((each) => [each.name, each]))
  const tables = new Set([...due.values()].map(({ tbl_name: table }) => table))
  const problems = [
    ...[...due.values()].flatMap((each) => differenceFrom(each, there.get(each.name))),
    ...[...there.values()].flatMap((each) => strange(each, due, tables)),
    ...references()
      .filter(({ name, parent }) => !due.has(name) && tables.has(parent))
      .map(({ name, parent }) => wrong(`schema table ${name}`, `keeps rows of ${parent}, to which it refers; drop it`)),
  ]
  const { user_version: userVersion, application_id: application } = versions()[0] ?? {}
  if (application !== APPLICATION_ID) {
    problems.push(wrong('schema application_id', `is ${String(application)}, not ${APPLICATION_ID}`))
  }
  const version = Number(userVersion)
  if (version !== SCHEMA_VERSION) {
    problems.push(wrong('schema user_version', `is ${version}, not ${SCHEMA_VERSION}`))
  }
  return { checked: there.size, problems, blindSpots: [] }
}

// What SQLite makes by itself has names that begin so.
const DEFINED: Statement<Defined> = {
  sql: `select name, type, tbl_name, sql from sqlite_schema where name not like 'sqlite\\_%' escape '\\'`,
  parameters: [],
}
const USER_VERSION: Statement<{ readonly user_version: unknown; readonly application_id: unknown }> = {
  sql: 'select user_version, application_id from pragma_user_version, pragma_application_id',
  parameters: [],
}
/** Tables that refer to others: what they refer to cannot be removed. */
const REFERENCES: Statement<{ readonly name: string; readonly parent: string }> = {
  sql: `select distinct sqlite_schema.name, of."table" as parent
    from sqlite_schema join pragma_foreign_key_list(sqlite_schema.name) of where sqlite_schema.type = 'table'`,
  parameters: [],
}

function differenceFrom(due: Defined, found: Defined | undefined): readonly CheckProblem[] {
  const part = `schema ${due.type} ${due.name}`
  if (found === undefined) return [wrong(part, 'is not there')]
  const isSame = found.type === due.type && found.tbl_name === due.tbl_name && normal(found.sql) === normal(due.sql)
  return isSame ? [] : [wrong(part, `is another one than the migrations make: ${normal(found.sql)}`)]
}

/**
 * What somebody else has made on the store's tables, and what may change or refuse a write. What is beside them harms nobody.
 */
function strange(
  { name, type, tbl_name: table, sql }: Defined,
  due: ReadonlyMap<string, Defined>,
  tables: ReadonlySet<string>,
): readonly CheckProblem[] {
  // What an index computes can fail, and so does then the write.
  const mayRefuse = type === 'trigger' || (type === 'index' && /^create\s+unique|\bwhere\b|\(.*\(/is.test(sql))
  if (due.has(name) || !mayRefuse || !tables.has(table)) return []
  return [wrong(`schema ${type} ${name}`, `on ${table} is not the store's; look who made it, and drop it`)]
}

function wrong(part: string, what: string): CheckProblem {
  return {
    code: 'UNRECOGNIZED_SCHEMA',
    part,
    message: `${part} ${what}; make it as it is in a new store, or restore a backup`,
  }
}

/** SQLite keeps a definition as it was written. */
function normal(sql: unknown): string {
  return String(sql).replaceAll(/\s+/g, ' ').trim()
}

let expected: ReadonlyMap<string, Defined> | undefined

/** What the migrations make of an empty database. */
function expectedSchema(flavor: SqlFlavor): ReadonlyMap<string, Defined> {
  if (expected === undefined) {
    const database = new Database(':memory:')
    for (const { sql } of migrationsFrom(0, flavor)) database.prepare(sql).run()
    const defined = database.prepare<[], Defined>(DEFINED.sql).all()
    database.close()
    expected = new Map(defined.map((each) => [each.name, each]))
  }
  return expected
}
