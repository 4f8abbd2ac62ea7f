import assert from 'node:assert/strict'
import { refusesEach, rejectsWith, storesNothing } from './expect.ts'
import type { CaseDefinition } from './harness.ts'

const LATER = new Date('2026-11-23T12:00:00.000Z')
const EARLIER = new Date('2026-11-23T11:00:00.000Z')

const NO_INSTANTS: readonly (readonly [what: string, value: unknown])[] = [
  ['an Invalid Date', new Date(Number.NaN)],
  ['a millisecond before 1970', new Date(-1)],
  ['a millisecond after 9999', new Date(253_402_300_800_000)],
  ['the last Date of all', new Date(8_640_000_000_000_000)],
  ['a text', '2026-11-23T12:00:00.000Z'],
  ['a number', 1_795_000_000_000],
  ['what looks like a Date', { getTime: () => 0, toISOString: () => '1970-01-01T00:00:00.000Z' }],
  ['null', null],
  ['undefined', undefined],
]

export const cooldownCases: readonly CaseDefinition[] = [
  {
    id: 'cooldown/get/absent-is-undefined',
    prevents: 'an entry without a cooldown being refused',
    async run(t) {
      const store = await t.open()
      assert.equal(await store.getCooldownUntil('minecraft'), undefined)
    },
  },
  {
    id: 'cooldown/set/comes-back-equal',
    prevents: 'a cooldown that ends in another second, or in another time zone',
    async run(t) {
      const store = await t.open()
      const instants = [
        '1970-01-01T00:00:00.000Z',
        '1970-01-01T00:00:00.001Z',
        '1999-12-31T23:59:59.999Z',
        '2024-02-29T12:00:00.000Z',
        '2026-03-29T01:30:00.000Z',
        '2026-11-23T10:00:00.001Z',
        '2026-11-23T10:00:00.999Z',
        '2038-01-19T03:14:08.000Z',
        '9999-12-31T23:59:59.998Z',
        '9999-12-31T23:59:59.999Z',
      ]
      for (const [index, instant] of instants.entries())
        await store.setCooldownUntil(`entry ${index}`, new Date(instant))
      for (const [index, instant] of instants.entries()) {
        assert.deepEqual(await store.getCooldownUntil(`entry ${index}`), new Date(instant))
      }
    },
  },
  {
    id: 'cooldown/set/what-is-no-instant-is-refused',
    prevents: 'a cooldown that never ends, or that nobody can read',
    async run(t) {
      const store = await t.open()
      await refusesEach(
        NO_INSTANTS.flatMap(([what, value]) => {
          const until = value as never
          return [
            [`set ${what}`, () => store.setCooldownUntil('minecraft', until)],
            [`set in a commit ${what}`, () => store.commit([{ type: 'set_cooldown', entryId: 'minecraft', until }])],
            [`extend ${what}`, () => store.commit([{ type: 'extend_cooldown', entryId: 'minecraft', until }])],
          ] as const
        }),
      )
      await storesNothing(t, store)
    },
  },
  {
    id: 'cooldown/set/replaces-a-later-one',
    prevents: 'a parent who shortens a cooldown to no effect',
    async run(t) {
      const store = await t.open()
      await store.setCooldownUntil('minecraft', EARLIER)
      await store.setCooldownUntil('minecraft', LATER)
      assert.deepEqual(await store.getCooldownUntil('minecraft'), LATER)
      await store.setCooldownUntil('minecraft', EARLIER)
      await store.setCooldownUntil('minecraft', EARLIER)
      assert.deepEqual(await store.getCooldownUntil('minecraft'), EARLIER)
    },
  },
  {
    id: 'cooldown/get/one-that-is-over-is-still-told',
    prevents: 'the store deciding about time, by a clock that may be wrong',
    async run(t) {
      const store = await t.open()
      await store.setCooldownUntil('minecraft', LATER)
      t.clock.set('2030-01-01')
      assert.deepEqual(await store.getCooldownUntil('minecraft'), LATER)
    },
  },
  {
    id: 'cooldown/clear/removes-it-once-and-for-all',
    prevents: 'a cooldown that a parent lifted coming back',
    async run(t) {
      const store = await t.open()
      await store.clearCooldown('minecraft')
      await store.setCooldownUntil('minecraft', LATER)
      await store.clearCooldown('minecraft')
      assert.equal(await store.getCooldownUntil('minecraft'), undefined)
      await store.clearCooldown('minecraft')
      assert.equal(await store.getCooldownUntil('minecraft'), undefined)
      await store.setCooldownUntil('minecraft', EARLIER)
      assert.deepEqual(await store.getCooldownUntil('minecraft'), EARLIER)
    },
  },
  {
    id: 'cooldown/set/entries-are-apart',
    prevents: "one game's cooldown blocking another game, or being lifted with it",
    async run(t) {
      const store = await t.open()
      await store.setCooldownUntil('minecraft', LATER)
      await store.setCooldownUntil('roblox', EARLIER)
      await store.clearCooldown('mine')
      assert.deepEqual(await store.getCooldownUntil('minecraft'), LATER)
      await store.clearCooldown('minecraft')
      assert.deepEqual(await store.getCooldownUntil('roblox'), EARLIER)
    },
  },
  {
    id: 'cooldown/set/nodes-share-and-scopes-do-not',
    prevents: 'a child that walks to the next machine, or blocks its brother',
    async run(t) {
      const store = await t.open({ scope: 'anna', node: 'pc-1' })
      const elsewhere = await t.open({ scope: 'anna', node: 'pc-2' })
      const brother = store.view({ scope: 'ben' })
      await store.setCooldownUntil('minecraft', LATER)
      assert.deepEqual(await elsewhere.getCooldownUntil('minecraft'), LATER)
      assert.equal(await brother.getCooldownUntil('minecraft'), undefined)
      await brother.setCooldownUntil('minecraft', EARLIER)
      assert.deepEqual(await store.getCooldownUntil('minecraft'), LATER)
      await elsewhere.clearCooldown('minecraft')
      assert.equal(await store.getCooldownUntil('minecraft'), undefined)
      assert.deepEqual(await brother.getCooldownUntil('minecraft'), EARLIER)
    },
  },
  {
    id: 'cooldown/extend/keeps-the-later',
    prevents: "a machine shortening another one's cooldown",
    async run(t) {
      const store = await t.open()
      const extend = (until: Date) => store.commit([{ type: 'extend_cooldown', entryId: 'minecraft', until }])
      await extend(EARLIER)
      assert.deepEqual(await store.getCooldownUntil('minecraft'), EARLIER)
      await extend(new Date(EARLIER.getTime() - 1))
      assert.deepEqual(await store.getCooldownUntil('minecraft'), EARLIER)
      await extend(EARLIER)
      assert.deepEqual(await store.getCooldownUntil('minecraft'), EARLIER)
      await extend(new Date(EARLIER.getTime() + 1))
      assert.deepEqual(await store.getCooldownUntil('minecraft'), new Date(EARLIER.getTime() + 1))
      await store.clearCooldown('minecraft')
      await extend(new Date(0))
      assert.deepEqual(await store.getCooldownUntil('minecraft'), new Date(0))
    },
  },
  {
    id: 'cooldown/extend/within-one-commit-and-at-once',
    prevents: 'the last of several ends winning, not the latest',
    async run(t) {
      const store = await t.open()
      const extend = (until: Date) => ({ type: 'extend_cooldown', entryId: 'minecraft', until }) as const
      await store.commit([extend(EARLIER), extend(LATER), extend(EARLIER)])
      assert.deepEqual(await store.getCooldownUntil('minecraft'), LATER)
      const latest = new Date('2026-11-23T13:00:00.000Z')
      await Promise.all([latest, LATER, EARLIER].map((until) => store.commit([extend(until)])))
      assert.deepEqual(await store.getCooldownUntil('minecraft'), latest)
    },
  },
  {
    id: 'cooldown/set/does-not-share-the-date-with-the-caller',
    prevents: 'a cooldown that moves because somebody reuses a Date',
    async run(t) {
      const store = await t.open()
      const until = new Date(LATER)
      const setting = store.setCooldownUntil('minecraft', until)
      until.setTime(0)
      await setting
      const read = await store.getCooldownUntil('minecraft')
      assert.deepEqual(read, LATER)
      read?.setTime(0)
      const [state] = await store.getDayState('2026-11-23')
      state?.cooldownUntil?.setTime(0)
      assert.deepEqual(await store.getCooldownUntil('minecraft'), LATER)
    },
  },
  {
    id: 'cooldown/get/a-spoiled-one-is-malformed',
    prevents: 'a damaged cooldown being read as none, or as one that is over',
    async run(t) {
      const store = await t.open({ scope: 'anna' })
      for (const entryId of ['minecraft', 'roblox']) await store.setCooldownUntil(entryId, LATER)
      await store.view({ scope: 'ben' }).setCooldownUntil('minecraft', EARLIER)
      await t.place.raw.spoil({ table: 'cooldown', scope: 'anna', entryId: 'minecraft' })
      await rejectsWith(store.getCooldownUntil('minecraft'), 'MALFORMED', 'not_applied')
      assert.deepEqual(await store.getCooldownUntil('roblox'), LATER)
      assert.deepEqual(await store.view({ scope: 'ben' }).getCooldownUntil('minecraft'), EARLIER)
    },
  },
  {
    id: 'cooldown/set/replaces-a-spoiled-one',
    prevents: 'an entry that can never be used again, because its damaged cooldown cannot be repaired',
    async run(t) {
      const store = await t.open({ scope: 'anna' })
      for (const entryId of ['minecraft', 'roblox']) {
        await store.setCooldownUntil(entryId, LATER)
        await t.place.raw.spoil({ table: 'cooldown', scope: 'anna', entryId })
        await rejectsWith(store.getCooldownUntil(entryId), 'MALFORMED')
      }
      await store.setCooldownUntil('minecraft', EARLIER)
      assert.deepEqual(await store.getCooldownUntil('minecraft'), EARLIER)
      await store.clearCooldown('roblox')
      assert.equal(await store.getCooldownUntil('roblox'), undefined)
    },
  },
  {
    id: 'cooldown/extend/a-spoiled-one-is-malformed',
    prevents: 'an unreadable cooldown that is taken for none, and replaced by a shorter one',
    async run(t) {
      const store = await t.open()
      await store.setCooldownUntil('minecraft', LATER)
      await t.place.raw.spoil({ table: 'cooldown', scope: 'default', entryId: 'minecraft' })
      const extend = { type: 'extend_cooldown', entryId: 'minecraft', until: LATER } as const
      await rejectsWith(
        store.commit([extend, { type: 'append_audit', event: { type: 'service_started' } }]),
        'MALFORMED',
      )
      assert.deepEqual(await t.place.raw.audits(), [])
    },
  },
]
