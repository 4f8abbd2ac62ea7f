import { describe, expect, test } from 'vitest'
import {
  ago,
  beside,
  count,
  duration,
  instantFormat,
  jsonLine,
  jsonText,
  size,
  visible,
  visibleLines,
} from '../src/format.ts'

describe('visible', () => {
  test.each([
    ['\u001B[31mred\u0007', '\\x1b[31mred\\x07'],
    ['two\nlines\tand\r', 'two\\nlines\\tand\\r'],
    ['8-bit \u009B31m', '8-bit \\x9b31m'],
    ['abc\u202Etxt.exe', 'abc\\u202etxt.exe'],
    ['line\u2028separator', 'line\\u2028separator'],
    ['half \uD83D a pair', 'half \\ud83d a pair'],
  ])('shows what a terminal would act upon: %j', (text, shown) => {
    expect(visible(text)).toBe(shown)
  })

  test.each(['Lofi "Beats" – é🎵', '👨‍👩‍👧 family', '日本語ゲーム', 'C:\\Games'])('leaves text as it is: %s', (text) => {
    expect(visible(text)).toBe(text)
  })
})

test('text of several lines keeps them, and nothing else of what a terminal would act upon', () => {
  expect(visibleLines('a\u001B[2J\r\nb\rc\n')).toBe('a\\x1b[2J\nb\\rc\n')
})

test('JSON for a terminal holds no control character and no reordering, and is the same data', () => {
  const data = { label: '\u001B[2J \u007F \u009B \u202E \u2028', lines: 'a\nb' }
  const text = jsonText(data)
  expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Bidi_Control}\u2028]/u)
  expect(JSON.parse(text)).toEqual(data)
  const line = jsonLine(data)
  expect(line).not.toMatch(/[\p{Cc}\p{Bidi_Control}\u2028]/u)
  expect(JSON.parse(line)).toEqual(data)
})

test.each([
  [0, '0 s'],
  [1, '1 ms'],
  [999, '999 ms'],
  [1_999, '1 s'],
  [59_999, '59 s'],
  [60_000, '1 min'],
  [303_000, '5 min 03 s'],
  [3_599_999, '59 min 59 s'],
  [3_600_000, '1 h'],
  [3_900_000, '1 h 05 min'],
  [93_784_000, '26 h 03 min'],
  [4_446_000_000, '1,235 h'],
])('%d ms is written %s: cut, not rounded', (ms, text) => {
  expect(duration(ms)).toBe(text)
})

test.each([
  [12_345, '12 s ago'],
  [0, '0 s ago'],
  [-60_000, '1 min ahead'],
  [Number.NaN, 'unreadable'],
])('%d ms before now is told as %s', (ms, text) => {
  expect(ago(ms)).toBe(text)
})

test.each([
  [0, '0 bytes'],
  [1, '1 byte'],
  [999, '999 bytes'],
  [45_056, '45.1 kB'],
  [1_500_000, '1.5 MB'],
  [2e15, '2000.0 TB'],
])('%d bytes are written %s', (bytes, text) => {
  expect(size(bytes)).toBe(text)
})

test('a count says one and many', () => {
  expect([count(1, 'entry', 'entries'), count(2_240, 'record')]).toEqual(['1 entry', '2,240 records'])
})

describe('instants', () => {
  test("are shown by the zone's clock, midnight as 00", () => {
    const instant = instantFormat('Europe/Berlin')
    expect(instant(new Date('2026-11-24T15:05:03.999Z'))).toBe('2026-11-24 16:05:03')
    expect(instant(new Date('2026-07-01T22:00:00Z'))).toBe('2026-07-02 00:00:00')
    expect(instant(new Date(Number.NaN))).toBe('unreadable')
  })

  test('go without the date beside one of the same date', () => {
    const instant = instantFormat('Europe/Berlin')
    const near = beside(new Date('2026-11-24T15:00:00Z'), instant)
    expect(near(new Date('2026-11-24T15:30:00Z'))).toBe('16:30:00')
    expect(near(new Date('2026-11-24T23:30:00Z'))).toBe('2026-11-25 00:30:00')
    expect(near(new Date(Number.NaN))).toBe('unreadable')
  })
})
