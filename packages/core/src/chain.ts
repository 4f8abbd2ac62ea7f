import { hash, randomFillSync } from 'node:crypto'
import type { AuditContent, AuditRow } from './effects.ts'

/** The hash before the first record. */
export const GENESIS_HASH = '0'.repeat(64)

const SALT_BYTES = 16
/** Random bytes are drawn for so many salts at once: each draw asks the operating system. */
const SALTS_DRAWN = 256
const drawn = Buffer.alloc(SALT_BYTES * SALTS_DRAWN)
let used = drawn.length

/** 128 random bits: what a short content has in common with its digest cannot be found by trying contents. */
export function newSalt(): string {
  if (used === drawn.length) {
    randomFillSync(drawn)
    used = 0
  }
  const salt = drawn.toString('base64url', used, used + SALT_BYTES)
  used += SALT_BYTES
  return salt
}

/** What a record tells beside when, of whom and where it was written: the part of it that can be erased. */
export type ErasableContent = Pick<AuditContent, 'salt' | 'type' | 'entryId' | 'sessionId' | 'text' | 'original'>

/** SHA-256, in hexadecimal, of the erasable part, as one JSON array. It stands in its place once that is erased. */
export function contentDigest({ salt, type, entryId, sessionId, text, original }: ErasableContent): string {
  return sha256(
    JSON.stringify([salt ?? null, type, entryId ?? null, sessionId ?? null, text, originalFields(original)]),
  )
}

/**
 * SHA-256, in hexadecimal, of every column that counts, as one JSON array: neighbours cannot run into each other. The
 * erasable part is in it by its `contentDigest`. A record without a salt is of the first form, which has all in one.
 */
export function recordDigest(content: Omit<AuditContent, 'digest' | 'contentDigest'>): string {
  if (content.salt !== undefined) return saltedDigest(content, contentDigest(content))
  const { timestamp, scope, node, type, entryId, sessionId, text, original } = content
  return sha256(
    JSON.stringify([
      1,
      instantText(timestamp),
      scope,
      node,
      type,
      entryId ?? null,
      sessionId ?? null,
      text,
      originalFields(original),
    ]),
  )
}

/** The digest of a record whose erasable part is known by its digest alone. */
export function saltedDigest(
  { timestamp, scope, node }: Pick<AuditContent, 'timestamp' | 'scope' | 'node'>,
  ofContent: string,
): string {
  return sha256(JSON.stringify([2, instantText(timestamp), scope, node, ofContent]))
}

/** What of a record without a salt goes into the digest of those that are erased. */
export function unsaltedLine({ id, digest }: Pick<AuditRow, 'id' | 'digest'>): string {
  return `${id} ${digest}\n`
}

const link = Buffer.alloc(72)

/**
 * SHA-256, in hexadecimal, of 72 bytes: the previous record's hash, the id (big-endian), the digest. All of fixed
 * length, so that a database can compute it with its own `sha256`.
 */
export function linkHash(previousHash: string, id: number, digest: string): string {
  link.fill(0)
  link.write(previousHash, 0, 'hex')
  link.writeBigUInt64BE(BigInt(id), 32)
  link.write(digest, 40, 'hex')
  return sha256(link)
}

export function sha256(data: string | Uint8Array): string {
  return hash('sha256', data, 'hex')
}

function instantText(instant: Date): string | null {
  return Number.isNaN(instant.getTime()) ? null : instant.toISOString()
}

function originalFields(original: AuditContent['original']): readonly (string | number)[] | null {
  return original === undefined ? null : [original.id, original.timestamp, original.event]
}
