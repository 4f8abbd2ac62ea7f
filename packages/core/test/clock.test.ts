import { expect, test } from 'vitest'
import { manualClock, systemClock } from '../src/clock.ts'

const invalidArgument = expect.objectContaining({ code: 'INVALID_ARGUMENT' })

test('the system clock shows the time of this machine', () => {
  const [before, shown, after] = [new Date(), systemClock.now(), new Date()]
  expect(shown >= before && shown <= after).toBe(true)
})

test('the system clock never takes its second hand back', () => {
  const shown = Array.from({ length: 1_000 }, () => systemClock.monotonicMs())
  expect(shown).toEqual(shown.toSorted((a, b) => a - b))
})

test('a manual clock stands still', () => {
  const clock = manualClock('2026-11-23T16:00:00Z')
  expect([clock.now(), clock.monotonicMs()]).toEqual([new Date('2026-11-23T16:00:00Z'), 0])
  expect([clock.now(), clock.monotonicMs()]).toEqual([new Date('2026-11-23T16:00:00Z'), 0])
})

test('advance moves both hands', () => {
  const clock = manualClock('2026-11-23T16:00:00Z')
  clock.advance(90_000)
  clock.advance(0)
  expect([clock.now(), clock.monotonicMs()]).toEqual([new Date('2026-11-23T16:01:30Z'), 90_000])
})

test('set moves the wall clock only, forward and back', () => {
  const clock = manualClock('2026-11-23T16:00:00Z')
  clock.advance(500)
  clock.set('2027-01-01')
  expect([clock.now(), clock.monotonicMs()]).toEqual([new Date('2027-01-01T00:00:00Z'), 500])
  clock.set(new Date(0))
  expect([clock.now(), clock.monotonicMs()]).toEqual([new Date(0), 500])
})

test('a Date that went in or came out does not move the clock', () => {
  const start = new Date('2026-11-23T16:00:00Z')
  const clock = manualClock(start)
  start.setTime(0)
  clock.now().setTime(0)
  expect(clock.now()).toEqual(new Date('2026-11-23T16:00:00Z'))
})

test.each(['2026-11-23', '2026-11-23T16:00Z', '2026-11-23T16:00:00.250Z', '2026-11-23T17:00:00+01:00'])(
  'a manual clock starts at %s',
  (text) => {
    expect(manualClock(text).now()).toEqual(new Date(text))
  },
)

test.each([
  ['no instant', new Date(Number.NaN)],
  ['a time that depends on the machine', '2026-11-23T16:00:00'],
  ['a date that does not exist', '2026-02-30T00:00:00Z'],
  ['an hour that does not exist', '2026-11-23T25:00:00Z'],
  ['other text', 'tomorrow'],
])('a manual clock refuses %s', (_, at) => {
  const clock = manualClock('2026-11-23')
  expect(() => manualClock(at)).toThrow(invalidArgument)
  expect(() => clock.set(at)).toThrow(invalidArgument)
  expect(clock.now()).toEqual(new Date('2026-11-23'))
})

test.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, Number.MAX_SAFE_INTEGER])(
  'advance refuses %d and moves neither hand',
  (ms) => {
    const clock = manualClock('2026-11-23')
    expect(() => clock.advance(ms)).toThrow(invalidArgument)
    expect([clock.now(), clock.monotonicMs()]).toEqual([new Date('2026-11-23'), 0])
  },
)
