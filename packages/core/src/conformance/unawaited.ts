/**
 * Calls that are under way together, to be awaited one by one later. One that rejects before its turn comes, as in a
 * store with a defect, fails the case that awaits it, and not the process.
 */
export function unawaited<T extends readonly Promise<unknown>[]>(...calls: T): T {
  for (const call of calls) call.catch(() => undefined)
  return calls
}
