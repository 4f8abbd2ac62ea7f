import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { canonicalSessionId, parseDuration, parseSeconds, parseTime, UnreadableRow } from '../src/rust/forms.ts'

const RUNS = { seed: 20_261_123, numRuns: 2_000 }
const DAY_MS = 86_400_000

/** An instant in nanoseconds, and one of the texts that the crate may have written for it. */
const time = fc
  .record({
    ms: fc.integer({ min: DAY_MS, max: Date.UTC(9999, 11, 30) }),
    nanos: fc.integer({ min: 0, max: 999_999 }),
    digits: fc.integer({ min: 0, max: 9 }),
    offsetMinutes: fc.integer({ min: -1_439, max: 1_439 }),
    zulu: fc.boolean(),
  })
  .map(({ ms, nanos, digits, offsetMinutes, zulu }) => {
    const offset = zulu ? 0 : offsetMinutes
    const local = new Date(ms + offset * 60_000).toISOString()
    const fraction = (local.slice(20, 23) + String(nanos).padStart(6, '0')).slice(0, digits)
    const clock = [Math.floor(Math.abs(offset) / 60), Math.abs(offset) % 60].map((part) =>
      String(part).padStart(2, '0'),
    )
    const zone = zulu ? 'Z' : `${offset < 0 ? '-' : '+'}${clock.join(':')}`
    const text = `${local.slice(0, 19)}${digits === 0 ? '' : `.${fraction}`}${zone}`
    const written = BigInt(Math.floor(ms / 1_000)) * 1_000_000_000n + BigInt(fraction.padEnd(9, '0'))
    return { text, written }
  })

function msOf(value: unknown): number | 'unreadable' {
  try {
    return parseTime(value, 'time').getTime()
  } catch (error) {
    if (error instanceof UnreadableRow) return 'unreadable'
    throw error
  }
}

describe('a time', () => {
  test('at any offset and with any number of digits is its instant, cut to milliseconds', () => {
    fc.assert(
      fc.property(time, ({ text, written }) => {
        expect(parseTime(text, 'time').getTime()).toBe(Number(written / 1_000_000n))
      }),
      RUNS,
    )
  })

  test('is never later than one that is later', () => {
    fc.assert(
      fc.property(time, time, (a, b) => {
        const [earlier, later] = a.written <= b.written ? [a, b] : [b, a]
        expect(parseTime(earlier.text, 'time').getTime()).toBeLessThanOrEqual(parseTime(later.text, 'time').getTime())
      }),
      RUNS,
    )
  })

  test('is an instant from 1970 to 9999, or unreadable, whatever the text', () => {
    const nearly = time.chain(({ text }) =>
      fc
        .tuple(fc.nat(text.length - 1), fc.constantFrom('0', '9', '-', ':', ' ', 'T', ''))
        .map(([at, by]) => text.slice(0, at) + by + text.slice(at + 1)),
    )
    fc.assert(
      fc.property(fc.oneof(nearly, fc.string(), fc.anything()), (value) => {
        const ms = msOf(value)
        expect(ms === 'unreadable' || (ms >= 0 && ms <= 253_402_300_799_999)).toBe(true)
      }),
      RUNS,
    )
  })

  test.each([
    ['1970-01-01T00:00:00Z', '1970-01-01T00:00:00.000Z'],
    ['1969-12-31T19:00:00-05:00', '1970-01-01T00:00:00.000Z'],
    ['9999-12-31T23:59:59.999999999Z', '9999-12-31T23:59:59.999Z'],
    ['2026-10-25T02:30:00+02:00', '2026-10-25T00:30:00.000Z'],
    ['2026-10-25T02:30:00+01:00', '2026-10-25T01:30:00.000Z'],
    ['2026-06-30t23:59:60.5z', '2026-06-30T23:59:59.999Z'],
    ['2026-06-30 12:00:00.1+00:00', '2026-06-30T12:00:00.100Z'],
    ['2026-06-30T12:00:00-00:00', '2026-06-30T12:00:00.000Z'],
  ])('%s is %s', (text, instant) => {
    expect(parseTime(text, 'time').toISOString()).toBe(instant)
  })

  test.each([
    '1969-12-31T23:59:59Z',
    '1970-01-01T00:00:00+00:01',
    '9999-12-31T23:59:59-00:01',
    '0070-01-01T00:00:00Z',
    '2026-02-29T00:00:00Z',
    '2026-01-01T24:00:00Z',
    '2026-01-01T00:60:00Z',
    '2026-01-01T00:00:61Z',
    '2026-01-01T00:00:00+24:00',
    '2026-01-01T00:00:00+01:60',
    '2026-01-01T00:00:00',
    '2026-01-01',
    '2026-01-01T00:00:00.Z',
    '2026-01-01T00:00:00.0000000001Z',
    '+12026-01-01T00:00:00Z',
    ' 2026-01-01T00:00:00Z',
    '2026-01-01T00:00:00Z\n',
    '٢٠٢٦-01-01T00:00:00Z',
  ])('%j is unreadable', (text) => {
    expect(() => parseTime(text, 'time')).toThrow(UnreadableRow)
  })
})

describe('a duration', () => {
  test('is cut to milliseconds: never more than was played, and less by under one', () => {
    const secs = fc.integer({ min: 0, max: 9_007_199_254_739 })
    fc.assert(
      fc.property(secs, fc.integer({ min: 0, max: 999_999_999 }), (seconds, nanos) => {
        const exactNanos = BigInt(seconds) * 1_000_000_000n + BigInt(nanos)
        const lost = exactNanos - BigInt(parseDuration({ secs: seconds, nanos }, 'duration')) * 1_000_000n
        expect(lost >= 0n && lost < 1_000_000n).toBe(true)
      }),
      RUNS,
    )
  })

  test.each([
    { secs: 9_007_199_254_741, nanos: 0 },
    { secs: 2 ** 64, nanos: 0 },
    { secs: -1, nanos: 0 },
    { secs: 1.5, nanos: 0 },
    { secs: '1', nanos: 0 },
    { secs: 1, nanos: 1_000_000_000 },
    { secs: 1, nanos: -1 },
    { secs: 1 },
    { nanos: 1 },
    null,
    5,
    [5, 0],
  ])('%j is unreadable', (value) => {
    expect(() => parseDuration(value, 'duration')).toThrow(UnreadableRow)
  })

  test('in whole seconds may be as long as milliseconds can be told apart', () => {
    expect(parseSeconds(9_007_199_254_740n, 'secs')).toBe(9_007_199_254_740_000)
    expect(() => parseSeconds(9_007_199_254_741n, 'secs')).toThrow(UnreadableRow)
  })
})

describe('the id of a session', () => {
  test('is one, however the UUID is spelled, and any other text is left alone', () => {
    fc.assert(
      fc.property(fc.uuid(), (uuid) => {
        const spellings = [uuid, uuid.toUpperCase(), uuid.replaceAll('-', ''), `{${uuid}}`, `urn:uuid:${uuid}`]
        expect(spellings.map(canonicalSessionId)).toEqual(spellings.map(() => uuid))
      }),
      RUNS,
    )
    expect(canonicalSessionId('My Session')).toBe('My Session')
  })
})
