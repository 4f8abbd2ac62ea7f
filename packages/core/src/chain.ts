import { createHash } from 'node:crypto'
import type { AuditContent } from './effects.ts'

/** The hash before the first record. */
export const GENESIS_HASH = '0'.repeat(64)

/** SHA-256, in hexadecimal, of every column that counts, as one JSON array: neighbours cannot run into each other. */
export function contentDigest(content: Omit<AuditContent, 'digest'>): string {
  const { timestamp, scope, node, type, entryId, sessionId, text, original } = content
  return sha256(
    JSON.stringify([
      1,
      Number.isNaN(timestamp.getTime()) ? null : timestamp.toISOString(),
      scope,
      node,
      type,
      entryId ?? null,
      sessionId ?? null,
      text,
      original === undefined ? null : [original.id, original.timestamp, original.event],
    ]),
  )
}

/**
 * SHA-256, in hexadecimal, of 72 bytes: the previous record's hash, the id (big-endian), the digest. All of fixed
 * length, so that a database can compute it with its own `sha256`.
 */
export function linkHash(previousHash: string, id: number, digest: string): string {
  const link = Buffer.alloc(72)
  link.write(previousHash, 0, 'hex')
  link.writeBigUInt64BE(BigInt(id), 32)
  link.write(digest, 40, 'hex')
  return sha256(link)
}

export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex')
}
