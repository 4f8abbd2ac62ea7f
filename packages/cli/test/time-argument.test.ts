import { createCalendar } from '@shepherd-store/core'
import { InvalidArgumentError } from 'commander'
import { describe, expect, test } from 'vitest'
import { timeArgument } from '../src/time-argument.ts'

/** What `text` means at `now`, by the clocks of Berlin; its days begin at four in the morning. */
function meant(text: string, now = '2026-11-24T12:00:30.500Z', dayStart = '04:00'): string {
  return timeArgument(text)(new Date(now), createCalendar({ timeZone: 'Europe/Berlin', dayStart })).toISOString()
}

describe('a time before now', () => {
  test.each([
    ['2h', '2026-11-24T10:00:30.500Z'],
    ['2h ago', '2026-11-24T10:00:30.500Z'],
    ['-2h', '2026-11-24T10:00:30.500Z'],
    ['90m', '2026-11-24T10:30:30.500Z'],
    ['1h30m', '2026-11-24T10:30:30.500Z'],
    ['45s', '2026-11-24T11:59:45.500Z'],
    ['3d', '2026-11-21T12:00:30.500Z'],
    ['1w', '2026-11-17T12:00:30.500Z'],
    ['1w2d12h ago', '2026-11-15T00:00:30.500Z'],
    ['0s', '2026-11-24T12:00:30.500Z'],
  ])('%s', (text, at) => {
    expect(meant(text)).toBe(at)
  })

  test('in days is the same time of the clock, whatever was done to it between', () => {
    expect(meant('1d', '2026-10-25T12:00:00Z')).toBe('2026-10-24T11:00:00.000Z')
    expect(meant('24h', '2026-10-25T12:00:00Z')).toBe('2026-10-24T12:00:00.000Z')
    expect(meant('1w', '2026-03-30T00:30:00Z')).toBe('2026-03-23T01:30:00.000Z')
  })

  test('in days, where the clock then jumped over that time, is when it jumped', () => {
    expect(meant('1d', '2026-03-30T00:30:00Z')).toBe('2026-03-29T01:00:00.000Z')
  })
})

describe('a day', () => {
  test.each([
    ['now', '2026-11-24T12:00:30.500Z'],
    ['today', '2026-11-24T03:00:00.000Z'],
    ['yesterday', '2026-11-23T03:00:00.000Z'],
    ['tomorrow', '2026-11-25T03:00:00.000Z'],
    ['2026-11-23', '2026-11-23T03:00:00.000Z'],
    ['2026-07-01', '2026-07-01T02:00:00.000Z'],
  ])("%s begins when the store's calendar says so", (text, at) => {
    expect(meant(text)).toBe(at)
  })

  test('is still the one before while its start has not come', () => {
    expect(meant('today', '2026-11-24T02:59:59Z')).toBe('2026-11-23T03:00:00.000Z')
    expect(meant('today', '2026-11-24T03:00:00Z')).toBe('2026-11-24T03:00:00.000Z')
  })
})

describe('a time of the clock', () => {
  test.each([
    ['2026-11-23 18:00', '2026-11-23T17:00:00.000Z'],
    ['2026-11-23T18:00', '2026-11-23T17:00:00.000Z'],
    ['2026-11-23 18:00:05', '2026-11-23T17:00:05.000Z'],
    ['2026-11-23 18:00:05.25', '2026-11-23T17:00:05.250Z'],
    ['2026-11-23 02:00', '2026-11-23T01:00:00.000Z'],
    ['2026-07-01 18:00', '2026-07-01T16:00:00.000Z'],
    ['11:30', '2026-11-24T10:30:00.000Z'],
    ['11:30:15', '2026-11-24T10:30:15.000Z'],
  ])("%s is the zone's", (text, at) => {
    expect(meant(text)).toBe(at)
  })

  test.each([
    ['2026-11-23T18:00:00Z', '2026-11-23T18:00:00.000Z'],
    ['2026-11-23T18:00Z', '2026-11-23T18:00:00.000Z'],
    ['2026-11-23T18:00:00.123Z', '2026-11-23T18:00:00.123Z'],
    ['2026-11-23T18:00:00+05:30', '2026-11-23T12:30:00.000Z'],
    ['2026-11-23 18:00-08:00', '2026-11-24T02:00:00.000Z'],
  ])('%s has an offset of its own', (text, at) => {
    expect(meant(text)).toBe(at)
  })

  test('that the clock shows twice is the first of them', () => {
    expect(meant('2026-10-25 02:30')).toBe('2026-10-25T00:30:00.000Z')
  })

  test('that the clock jumps over is when it jumps', () => {
    expect(meant('2026-03-29 02:30')).toBe('2026-03-29T01:00:00.000Z')
  })

  test('of this date is that of the date which the clock shows, be the day still the one before', () => {
    expect(meant('01:00', '2026-11-24T01:00:00Z')).toBe('2026-11-24T00:00:00.000Z')
  })
})

test.each([
  ...['', ' ', 'ago', ' ago', '-', '2', '2 h', '2hours', '30min', '1m1h', '1h1h', '-2h ago', '+2h', '1.5h', '2H', '٢h'],
  ...['Today', 'toString', 'constructor', 'tomorow', '2026-11', '2026-02-30', '2026-13-01', '1969-12-31', '24.11.2026'],
  ...['2026-02-30 12:00', '2026-11-23 24:00', '2026-11-23 18', '2026-11-23 18:60', '2026-11-23 18:00:60', '18:00Z'],
  ...['2026-11-23  18:00', '2026-11-23T18:00:00+0100', '2026-11-23T18:00:00+25:00', '2026-11-23T18:00:00z', '2h\n'],
])('%j is refused, with what is understood', (text) => {
  expect(() => timeArgument(text)).toThrow(InvalidArgumentError)
  expect(() => timeArgument(text)).toThrow(
    'Give a time such as 2h, 3d, today, yesterday, 2026-11-23, "2026-11-23 18:00" or 2026-11-23T18:00:00Z.',
  )
})

test.each([
  '20783d',
  '99999999999999999999d',
  '500000h',
  `${'9'.repeat(400)}w`,
  `${'9'.repeat(400)}s`,
  '1970-01-01T00:00+01:00',
])('what lies outside of the years of the store is refused: %s', (text) => {
  expect(() => meant(text)).toThrow(`${text} is no time from 1970 to 9999`)
})
