import { readFileSync } from 'node:fs'
import type { AuditHead } from '@shepherd-store/core'
import { InvalidArgumentError } from 'commander'

/**
 * The head in a file that `audit head` wrote; where it wrote several into one, one after the other, the last.
 * @throws InvalidArgumentError when the file cannot be read, or holds no head.
 */
export function headFileArgument(path: string): AuditHead {
  const text = contentOf(path).trim()
  const head = parsed(text) ?? parsed(text.slice(text.lastIndexOf('\n') + 1))
  if (isHead(head)) return { id: head.id, hash: head.hash }
  throw new InvalidArgumentError('There is no head in it: give a file that shepherd-store audit head has written.')
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

function isHead(value: unknown): value is AuditHead {
  if (typeof value !== 'object' || value === null || !('id' in value && 'hash' in value)) return false
  const { id, hash } = value
  return Number.isSafeInteger(id) && Number(id) >= 1 && typeof hash === 'string' && /^[0-9a-f]{64}$/.test(hash)
}
