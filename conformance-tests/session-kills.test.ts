import assert from 'node:assert/strict'
import { manualClock } from '@shepherd-store/core'
import { createMemoryData, createMemoryStore } from '@shepherd-store/memory'
import { afterAll, describe, inject, test } from 'vitest'
import { createDatabase } from './postgres/database.ts'
import { seed } from './seed.ts'
import { crashRounds } from './session-processes/crash-rounds.ts'
import { RESTARTED_AT, START_AT } from './session-processes/endings.ts'
import { killRounds } from './session-processes/kill-rounds.ts'
import { checkRecoveredOnce, LOST } from './session-processes/lost-session.ts'
import { postgresPlace, type SharedPlace, sqlitePlace } from './session-processes/places.ts'
import { play } from './session-processes/play.ts'
import { Players } from './session-processes/player.ts'

/** How many processes are killed around the end of a session, on each backend. */
const KILLS = Number(process.env['SHEPHERD_TEST_KILLS'] ?? 4)
/** Where no process is killed, a round takes a millisecond. */
const CRASHES = Math.max(200, KILLS)

const { url, drop } = await createDatabase(inject('postgresUrl'))
afterAll(drop)

const SHARED: readonly { readonly name: string; createPlace(): Promise<SharedPlace> }[] = [
  { name: 'sqlite', createPlace: sqlitePlace },
  { name: 'postgres', createPlace: () => postgresPlace(url) },
]

describe.each(SHARED)('on $name', ({ createPlace }) => {
  test(
    `${KILLS} ends of sessions that SIGKILL meets take effect as a whole or not at all, and once when they are made again`,
    { timeout: 60_000 + KILLS * 5_000 },
    async ({ annotate }) => {
      await usePlace(createPlace, async (place) => {
        const outcomes = await killRounds(place, KILLS, seed)
        const told = Object.entries(outcomes).map(([outcome, count]) => `${outcome} ${count}`)
        await annotate(told.join(', '))
        assert.ok(outcomes.before > 0 && outcomes.after > 0, told.join(', '))
      })
    },
  )

  test('a session that is killed 17 s after its last report is recovered once, with what it had reported', () =>
    usePlace(createPlace, async (place) => {
      const as = { scope: 'child', node: 'lost-machine' }
      const players = new Players(place.address, 1)
      try {
        const player = await players.next()
        player.start({ ...as, type: 'play', startAt: START_AT, play: LOST, holdsBeforeEnd: false })
        await player.heard('played')
        await player.kill()
        await place.afterwards({ ...as, node: 'other-machine' }, (store) => checkRecoveredOnce(store, as.node))
      } finally {
        await players.close()
      }
    }))
})

describe('on memory', () => {
  test(`${CRASHES} ends of sessions that a crash meets take effect as a whole or not at all, and once when they are made again`, async ({
    annotate,
  }) => {
    const outcomes = await crashRounds(CRASHES, seed)
    await annotate(`all ${outcomes.all}, none ${outcomes.none}`)
    assert.ok(outcomes.all > 0 && outcomes.none > 0)
  })

  test('a session that is lost 17 s after its last report is recovered once, with what it had reported', async () => {
    const data = createMemoryData()
    const clock = manualClock(START_AT)
    await play(createMemoryStore({ data, node: 'lost-machine', clock }), clock, LOST)
    const store = createMemoryStore({ data, node: 'other-machine', clock: manualClock(RESTARTED_AT) })
    await checkRecoveredOnce(store, 'lost-machine')
  })
})

async function usePlace(createPlace: () => Promise<SharedPlace>, use: (place: SharedPlace) => Promise<void>) {
  const place = await createPlace()
  try {
    await use(place)
  } finally {
    await place.close()
  }
}
