import { describe, StoreError } from '@shepherd-store/core'

/** A lower-case identifier that needs no quotes. @throws StoreError `INVALID_ARGUMENT`, naming the field. */
export function checkIdentifier(field: string, value: string): string {
  if (typeof value === 'string' && /^[a-z_][a-z0-9_]{0,62}$/.test(value)) return value
  throw new StoreError(
    'INVALID_ARGUMENT',
    `${field} must be a lower-case identifier of at most 63 characters, not ${describe(value)}`,
  )
}
