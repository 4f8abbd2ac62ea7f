import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { addDays, dayAt, dayNumber, isDay, LAST_DAY_NUMBER, parseDay, startOfMonth, startOfWeek } from '../src/day.ts'

const refusal = (value: string) => ({ code: 'INVALID_ARGUMENT', message: expect.stringContaining(value) })
const days = fc.integer({ min: 0, max: LAST_DAY_NUMBER }).map(dayAt)
const runs = { seed: 20261123, numRuns: 1_000 }

describe('isDay', () => {
  test.each(['1970-01-01', '9999-12-31', '2024-02-29', '2000-02-29', '2026-11-23'])('accepts %s', (text) => {
    expect(isDay(text)).toBe(true)
    expect(parseDay(text)).toBe(text)
  })

  test.each([
    ['a date that does not exist', '2026-02-30'],
    ['a leap day of a common year', '2026-02-29'],
    ['a leap day of a century', '2100-02-29'],
    ['a 31st of April', '2026-04-31'],
    ['month 0', '2026-00-10'],
    ['month 13', '2026-13-01'],
    ['day 0', '2026-01-00'],
    ['the day before the range', '1969-12-31'],
    ['the day after the range', '10000-01-01'],
    ['a signed year', '+002026-11-23'],
    ['missing zeros', '2026-1-3'],
    ['a time behind it', '2026-11-23T00:00'],
    ['a line break behind it', '2026-11-23\n'],
    ['a space before it', ' 2026-11-23'],
    ['other digits', '２０２６-11-23'],
    ['nothing', ''],
  ])('refuses %s', (_, text) => {
    expect(isDay(text)).toBe(false)
    expect(() => parseDay(text)).toThrow(expect.objectContaining(refusal(JSON.stringify(text))))
  })

  test('agrees with the lengths of the months', () => {
    const lengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    const part = (max: number) => fc.integer({ min: 0, max })
    fc.assert(
      fc.property(fc.integer({ min: 1960, max: 9999 }), part(13), part(32), (year, month, dayOfMonth) => {
        const leapDay = month === 2 && new Date(Date.UTC(year, 1, 29)).getUTCMonth() === 1 ? 1 : 0
        const exists = dayOfMonth >= 1 && dayOfMonth <= (lengths[month - 1] ?? 0) + leapDay
        const text = [year, month, dayOfMonth].map((number) => String(number).padStart(2, '0')).join('-')
        expect(isDay(text)).toBe(year >= 1970 && exists)
      }),
      runs,
    )
  })
})

describe('addDays', () => {
  test.each([
    ['2024-02-28', 1, '2024-02-29'],
    ['2026-12-31', 1, '2027-01-01'],
    ['2026-03-01', -1, '2026-02-28'],
    ['2026-11-23', 0, '2026-11-23'],
    ['1970-01-01', LAST_DAY_NUMBER, '9999-12-31'],
  ] as const)('takes %s by %i days to %s', (day, count, expected) => {
    expect(addDays(day, count)).toBe(expected)
  })

  test.each([
    ['1970-01-01', -1],
    ['9999-12-31', 1],
    ['2026-11-23', 0.5],
    ['2026-11-23', Number.NaN],
    ['2026-11-23', Number.POSITIVE_INFINITY],
  ] as const)('refuses to take %s by %d days', (day, count) => {
    expect(() => addDays(day, count)).toThrow(expect.objectContaining(refusal(String(count))))
  })

  test('refuses a day that does not exist', () => {
    expect(() => addDays('2026-02-30', 1)).toThrow(expect.objectContaining(refusal('2026-02-30')))
  })

  test('is undone by its opposite, and keeps the order of text', () => {
    fc.assert(
      fc.property(days, days, (a, b) => {
        const distance = dayNumber(b) - dayNumber(a)
        expect(addDays(a, distance)).toBe(b)
        expect(addDays(b, -distance)).toBe(a)
        expect(Math.sign(distance)).toBe(a < b ? 1 : a > b ? -1 : 0)
      }),
      runs,
    )
  })
})

describe('startOfWeek', () => {
  test.each([
    ['2026-11-23', '2026-11-23'],
    ['2026-11-29', '2026-11-23'],
    ['2027-01-03', '2026-12-28'],
    ['1970-01-05', '1970-01-05'],
  ] as const)('of %s is %s', (day, monday) => {
    expect(startOfWeek(day)).toBe(monday)
  })

  test('of the week that the range cuts is the first day of the range', () => {
    expect(startOfWeek('1970-01-01')).toBe('1970-01-01')
    expect(startOfWeek('1970-01-04')).toBe('1970-01-01')
  })

  test('is the last Monday up to the day', () => {
    fc.assert(
      fc.property(fc.integer({ min: 4, max: LAST_DAY_NUMBER }).map(dayAt), (day) => {
        const monday = startOfWeek(day)
        expect(new Date(monday).getUTCDay()).toBe(1)
        expect(dayNumber(day) - dayNumber(monday)).toSatisfy((distance: number) => distance >= 0 && distance < 7)
      }),
      runs,
    )
  })
})

describe('startOfMonth', () => {
  test('is the 1st', () => {
    expect(startOfMonth('2026-11-23')).toBe('2026-11-01')
    expect(startOfMonth('1970-01-31')).toBe('1970-01-01')
  })

  test('refuses a day that does not exist', () => {
    expect(() => startOfMonth('2026-02-30')).toThrow(expect.objectContaining(refusal('2026-02-30')))
  })
})
