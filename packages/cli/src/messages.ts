import { isStoreError, StoreError } from '@shepherd-store/core'
import { READ_ARCHIVE } from './archived.ts'

/** The message without the name of the library's method, which a person did not call. */
export function sentenceOf({ operation, message }: StoreError): string {
  const called = operation === undefined ? '' : `${operation}: `
  return message.startsWith(called) ? message.slice(called.length) : message
}

/** What the library tells a program, as a person does it with the command. */
export function forPeople(message: string): string {
  const named = message.replaceAll('verifyAudits', 'shepherd-store audit verify')
  const hints = HINTS.flatMap(([pattern, hint]) => (pattern.test(message) ? [hint] : []))
  if (hints.length === 0) return named
  const [, sentence = '', stop = ''] = /^(.*?)(\.?)$/s.exec(named) ?? []
  return `${sentence} (${hints.join('; ')})${stop}`
}

const HINTS: readonly (readonly [message: RegExp, hint: string])[] = [
  [/\bread them in the archive\b/, READ_ARCHIVE],
  [/\bverify their archives\b/, `${READ_ARCHIVE}, then shepherd-store --db new.db audit verify --part`],
  [
    /^line \d+ of the source breaks its chain \(records \d+ to \d+ are missing\)/,
    'an export that can be imported is made by shepherd-store audit export --all-scopes, without a filter',
  ],
]

/** Of a write that fails, as on a full disk, the operating system does not say where it was. */
export function withPlace(error: unknown, path: string): unknown {
  if (!isStoreError(error) || !isOfFiles(error.cause) || error.message.includes(path)) return error
  const { code, operation, outcome } = error
  return new StoreError(code, `${path}: ${sentenceOf(error)}`, { cause: error, operation, outcome })
}

/** A database has errors of its own. */
function isOfFiles(cause: unknown): boolean {
  return cause instanceof Error && 'syscall' in cause && !('path' in cause)
}
