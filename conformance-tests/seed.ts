/** The same seed makes the same random choices. */
export const seed = Number(process.env['SHEPHERD_TEST_SEED'] ?? 20_261_123)

/** Where a failure says that it was found: replays it alone. */
export const path = process.env['SHEPHERD_TEST_PATH']
