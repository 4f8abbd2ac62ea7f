import { InvalidArgumentError } from 'commander'
import { describe, expect, test } from 'vitest'
import { countOrAllArgument, durationArgument, idArgument, listArgument } from '../src/arguments.ts'

describe('a duration', () => {
  test.each([
    ['1h30m', 5_400_000],
    ['90m', 5_400_000],
    ['1h0m5s250ms', 3_605_250],
    ['90s', 90_000],
    ['500ms', 500],
    ['1h1ms', 3_600_001],
    ['007s', 7_000],
  ])('%s is %d ms', (text, ms) => {
    expect(durationArgument(1)(text)).toBe(ms)
  })

  test.each(['', '30', '-30m', '+30m', '1.5h', '1h 30m', '30m1h', '1m1m', '1d', '1H', '30min', ' 1m', '1m\n', '١m'])(
    'is refused with what to give: %j',
    (text) => {
      expect(() => durationArgument(0)(text)).toThrow(InvalidArgumentError)
      expect(() => durationArgument(0)(text)).toThrow(/such as 1h30m, 45m, 90s or 500ms/)
    },
  )

  test.each(['9007199254740992ms', '99999999999999999999h'])('beyond what can be counted is refused: %s', (text) => {
    expect(() => durationArgument(0)(text)).toThrow(/That is too long/)
  })

  test('of no time is taken only where it means something', () => {
    expect(durationArgument(0)('0s')).toBe(0)
    expect(() => durationArgument(1)('0h0m')).toThrow(/That is no time at all/)
  })
})

describe('a number of records', () => {
  test.each([
    ['0', 0],
    ['10', 10],
    ['all', 'all'],
  ])('%s', (text, number) => {
    expect(countOrAllArgument(10)(text)).toBe(number)
  })

  test.each(['', '11', '-1', '1e1', '0x1', 'All', '1.0', ' 1'])('is refused with what to give: %j', (text) => {
    expect(() => countOrAllArgument(10)(text)).toThrow('Give a whole number up to 10, or all.')
  })
})

test('the id of a record is a whole number', () => {
  expect([idArgument('0'), idArgument('2240')]).toEqual([0, 2_240])
  for (const text of ['', '-1', '1.5', '1e3', '9'.repeat(16)])
    expect(() => idArgument(text)).toThrow(InvalidArgumentError)
})

test('a list grows with each time it is given, and has each item once', () => {
  expect(listArgument('b', listArgument('a, b,c'))).toEqual(['a', 'b', 'c'])
  for (const text of ['', 'a,', ',', 'a,,b', ' ']) expect(() => listArgument(text)).toThrow(InvalidArgumentError)
})
