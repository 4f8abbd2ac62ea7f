import { rmSync, writeFileSync } from 'node:fs'
import {
  type AuditHead,
  type CheckReport,
  type HealthReport,
  isStoreError,
  type Store,
  type StoreErrorCode,
} from '@shepherd-store/core'
import { openSqliteStore, type SqliteStore } from '@shepherd-store/sqlite'

/** A damaged file as somebody meets it: opened, asked, checked. */
export interface Look {
  /** It was not opened. */
  readonly refused?: StoreErrorCode
  readonly report?: CheckReport
  readonly health?: HealthReport
  /** What each question was answered with, as text; a code where it was refused. */
  readonly answers: ReadonlyMap<string, string>
  /** What should never leave a store: an error that is none of its own, or that tells nothing. */
  readonly raw: readonly string[]
}

export type Questions = Readonly<Record<string, (store: Store) => Promise<unknown>>>

export interface LookOptions {
  readonly questions: Questions
  readonly expectedHead?: AuditHead | undefined
}

/** The bytes in the place of what was at the path, and of its write-ahead log. */
export function placeFile(path: string, bytes: Buffer, log?: Buffer): void {
  for (const beside of ['', '-wal', '-shm']) rmSync(`${path}${beside}`, { force: true })
  writeFileSync(path, bytes)
  if (log !== undefined) writeFileSync(`${path}-wal`, log)
}

/** Writes inline, so that a try takes no thread; `create: false`, so that nothing is made of a file that is gone. */
export async function lookAt(path: string, { questions, expectedHead }: LookOptions): Promise<Look> {
  const raw: string[] = []
  let store: SqliteStore
  try {
    store = await openSqliteStore(path, { writer: 'inline', create: false })
  } catch (error) {
    return { refused: codeIn('open', error, raw), answers: new Map(), raw }
  }
  try {
    const answers = await answersOf(store, questions, raw)
    const health = await store.health()
    const report = await store.check({ expectedHead }).catch((error: unknown) => {
      raw.push(`check: ${String(error)}`)
      return undefined
    })
    return { ...(report === undefined ? {} : { report }), health, answers, raw }
  } finally {
    await store.close().catch((error: unknown) => codeIn('close', error, raw))
  }
}

/** What each question is answered with, as text; a code where it is refused. */
export async function answersOf(
  store: Store,
  questions: Questions,
  raw: string[],
): Promise<ReadonlyMap<string, string>> {
  const answers = new Map<string, string>()
  for (const [name, ask] of Object.entries(questions)) {
    const answer = await ask(store).then(
      (value) => JSON.stringify(value),
      (error: unknown) => codeIn(name, error, raw),
    )
    answers.set(name, answer)
  }
  return answers
}

/** Failures of a damaged file are named as such, with what to do. */
export function codeIn(what: string, error: unknown, raw: string[]): StoreErrorCode {
  if (isStoreError(error, ...NAMED) || (isStoreError(error) && /check, or restore a backup/.test(error.message))) {
    return error.code
  }
  raw.push(`${what}: ${String(error)}`)
  return isStoreError(error) ? error.code : 'DATABASE'
}

const NAMED: readonly StoreErrorCode[] = [
  ...(['CORRUPT', 'MALFORMED', 'UNRECOGNIZED_SCHEMA', 'RUST_SCHEMA', 'SCHEMA_TOO_NEW', 'SCHEMA_TOO_OLD'] as const),
  ...(['NOT_FOUND', 'CALENDAR_MISMATCH'] as const),
]
