import { readFileSync } from 'node:fs'
import type { AuditHead } from '@shepherd-store/core'
import { InvalidArgumentError } from 'commander'

/**
 * The heads in a file that `audit head` wrote, one after the other: the last, and those before it.
 * @throws InvalidArgumentError when the file cannot be read, or holds anything else, or nothing.
 */
export function headFileArgument(path: string): HeadFile {
  const text = contentOf(path).trim()
  const whole = parsed(text)
  if (isHead(whole)) return { last: plain(whole), earlier: [] }
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  const heads = lines.map((line, index) => {
    const head = parsed(line)
    if (isHead(head)) return plain(head)
    const where = lines.length === 1 ? 'it' : `its line ${index + 1}`
    throw new InvalidArgumentError(
      `There is no head in ${where}: give a file that shepherd-store audit head has written.`,
    )
  })
  const last = heads.pop()
  if (last !== undefined) return { last, earlier: heads }
  throw new InvalidArgumentError('There is no head in it: give a file that shepherd-store audit head has written.')
}

export interface HeadFile {
  readonly last: AuditHead
  readonly earlier: readonly AuditHead[]
}

function contentOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : ''
    throw new InvalidArgumentError(`The file cannot be read${code}.`)
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function plain({ id, hash }: AuditHead): AuditHead {
  return { id, hash }
}

function isHead(value: unknown): value is AuditHead {
  if (typeof value !== 'object' || value === null || !('id' in value && 'hash' in value)) return false
  const { id, hash } = value
  return Number.isSafeInteger(id) && Number(id) >= 1 && typeof hash === 'string' && /^[0-9a-f]{64}$/.test(hash)
}
