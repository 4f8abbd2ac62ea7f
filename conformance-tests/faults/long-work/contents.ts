import type { Store } from '@shepherd-store/core'
import type { Place } from '@shepherd-store/core/conformance'

/** Where rows are read round a store. */
export type Rows = Pick<Place, 'raw'>

/** What a place holds, read round the store: a line for each row. */
export async function contentsOf({ raw }: Rows, { withHashes }: { readonly withHashes: boolean }) {
  const audits = (await raw.audits()).flatMap(({ id, timestamp, scope, node, type, text, hash }) =>
    // There is one for each time that the scope was asked to be forgotten.
    type === 'scope_forgotten' ? [] : [`record ${id} ${timestamp} ${scope} ${node} ${text} ${withHashes ? hash : ''}`],
  )
  const rows = [...(await raw.usage()), ...(await raw.sessions())]
  return [...audits, ...rows.map((row) => JSON.stringify(row))]
}

/** What was in the log before some work must be found, by its hash, while it is half done, erased or not, and the chain hold. */
export async function whatIsLost(
  store: Store,
  found: readonly string[],
  before: readonly string[],
): Promise<readonly string[]> {
  const hashes = new Set(found)
  const { intact, firstBreak } = await store.verifyAudits()
  return [
    ...before.filter((hash) => !hashes.has(hash)).map((hash) => `the record with hash ${hash} is gone`),
    ...(intact ? [] : [`the log is broken: ${firstBreak?.message}`]),
  ]
}

export async function hashesOf({ raw }: Rows): Promise<readonly string[]> {
  return (await raw.audits()).map(({ hash }) => hash)
}
