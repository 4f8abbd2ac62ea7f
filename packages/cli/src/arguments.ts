import { type Day, type DurationMs, isDay } from '@shepherd-store/core'
import { InvalidArgumentError } from 'commander'

/** @throws InvalidArgumentError unless it is a day. */
export function dayArgument(text: string): Day {
  if (isDay(text)) return text
  throw new InvalidArgumentError('Give a day, as YYYY-MM-DD.')
}

/** The parser of a whole number from 1 to `max`. */
export function countArgument(max: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (/^\d+$/.test(text) && value >= 1 && value <= max) return value
    throw new InvalidArgumentError(`Give a whole number from 1 to ${max}.`)
  }
}

/** The parser of a whole number from 0 to `max`, or of `all`. */
export function countOrAllArgument(max: number): (text: string) => number | 'all' {
  return (text) => {
    if (text === 'all') return text
    const value = Number(text)
    if (/^\d+$/.test(text) && value <= max) return value
    throw new InvalidArgumentError(`Give a whole number up to ${max}, or all.`)
  }
}

/** The parser of a duration of at least `minMs`: `1h30m`, `45m`, `90s`, `500ms`. */
export function durationArgument(minMs: 0 | 1): (text: string) => DurationMs {
  return (text) => {
    const parts = DURATION.exec(text)?.groups
    if (text === '' || parts === undefined) throw new InvalidArgumentError(DURATION_FORM)
    const { h = '0', m = '0', s = '0', ms = '0' } = parts
    const total = Number(h) * 3_600_000 + Number(m) * 60_000 + Number(s) * 1_000 + Number(ms)
    if (!Number.isSafeInteger(total)) throw new InvalidArgumentError(`That is too long. ${DURATION_FORM}`)
    if (total >= minMs) return total
    throw new InvalidArgumentError(`That is no time at all. ${DURATION_FORM}`)
  }
}

/** The largest unit first, each at most once. */
const DURATION = /^(?:(?<h>\d+)h)?(?:(?<m>\d+)m)?(?:(?<s>\d+)s)?(?:(?<ms>\d+)ms)?$/
const DURATION_FORM = 'Give a duration without a sign, such as 1h30m, 45m, 90s or 500ms.'

/** The id of a record, or 0: before all of them. @throws InvalidArgumentError unless it is one. */
export function idArgument(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('Give the id of a record, a whole number.')
}

/** An item, or several with commas between them, after those that were given before; each once. */
export function listArgument(text: string, before: readonly string[] = []): readonly string[] {
  const items = text.split(',').map((item) => item.trim())
  if (items.every((item) => item !== '')) return [...new Set([...before, ...items])]
  throw new InvalidArgumentError('Give one, or several with commas between them.')
}
