/** Ten years of usage: on each day so many of the household's entries, which are other ones on the next day. */
export const USAGE_ENTRIES = 10_000
export const USAGE_ENTRIES_A_DAY = 30
export const USAGE_DAYS = 3_650
export const USAGE_FROM = '2026-01-01'
