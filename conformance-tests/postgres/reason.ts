/** Why something failed, in a line for people. An AggregateError itself says nothing, or nothing of use. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join('; ')
  if (!(error instanceof Error)) return String(error)
  return error.message || error.name
}
