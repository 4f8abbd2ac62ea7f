import { type AuditHead, type Day, isDay } from '@shepherd-store/core'
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

/** @throws InvalidArgumentError unless it is `ID:HASH`. */
export function headArgument(text: string): AuditHead {
  const [, id, hash] = /^([1-9]\d{0,14}):([0-9a-f]{64})$/.exec(text) ?? []
  if (id !== undefined && hash !== undefined) return { id: Number(id), hash }
  throw new InvalidArgumentError('Give ID:HASH as verify prints it, with 64 hexadecimal digits.')
}
