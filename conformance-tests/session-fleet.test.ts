import assert from 'node:assert/strict'
import { setImmediate } from 'node:timers/promises'
import { recoverSession } from '@shepherd-store/core'
import type { Harness } from '@shepherd-store/core/conformance'
import { afterAll, describe, inject, test } from 'vitest'
import { memoryHarness } from './memory-harness.ts'
import { postgresHarness } from './postgres-harness.ts'
import { createDatabase } from './postgres/database.ts'
import { seed } from './seed.ts'
import { DAY, START_AT } from './session-processes/endings.ts'
import { Fleet, type FleetView } from './session-processes/fleet.ts'
import { ENTRY, type MachineRules } from './session-processes/machine.ts'
import { postgresPlace, type SharedPlace, sqlitePlace } from './session-processes/places.ts'
import { Players } from './session-processes/player.ts'
import { recoveryRaces } from './session-processes/recovery-races.ts'
import { sqliteHarness } from './sqlite-harness.ts'

/** How often two nodes recover one session, on each backend. */
const RACES = Number(process.env['SHEPHERD_TEST_RECOVERY_RACES'] ?? 200)

const LIMIT_MS = 3_600_000
/** Starts and checkpoints of all machines. */
const CALLS = 1_000
/** Half of it is played between two calls: so many are about what an hour has room for. */
const INTERVAL_MS = 7_200
const SLICE_MS = 30_000

const { url, drop } = await createDatabase(inject('postgresUrl'))
afterAll(drop)

const HARNESSES: readonly Harness[] = [memoryHarness, sqliteHarness, postgresHarness(url)]

describe.each(HARNESSES)('on $name', { timeout: 120_000 + RACES * 1_000 }, (harness) => {
  test.each([2, 5])('%i machines use a strict limit up, and never pass it', async (machines) => {
    const rules = { limitMs: LIMIT_MS, intervalMs: INTERVAL_MS, strict: true }
    await useFleet(harness, { machines, rules }, async (fleet) => {
      const last = await fleet.playOut(CALLS, ({ usedMs, reservedMs, playedMs }) => {
        assert.ok(usedMs + reservedMs <= LIMIT_MS, `${usedMs} ms used, and ${reservedMs} ms booked ahead`)
        assert.ok(playedMs <= LIMIT_MS, `${playedMs} ms played`)
      })
      assert.deepEqual(last, { usedMs: LIMIT_MS, reservedMs: 0, playedMs: LIMIT_MS })
    })
  })

  test.for([2, 5])('%i machines pass a limit by less than an interval each', async (machines, { annotate }) => {
    const rules = { limitMs: LIMIT_MS, intervalMs: INTERVAL_MS, strict: false }
    await useFleet(harness, { machines, rules }, async (fleet) => {
      const boundMs = LIMIT_MS + machines * INTERVAL_MS
      const last = await fleet.playOut(CALLS, ({ usedMs, playedMs }) => {
        assert.ok(usedMs < boundMs, `${usedMs} ms used`)
        assert.ok(playedMs < boundMs, `${playedMs} ms played`)
      })
      assert.ok(last.usedMs >= LIMIT_MS && last.usedMs < boundMs, `${last.usedMs} ms used in the end`)
      assert.equal(last.usedMs, last.playedMs)
      await annotate(`by ${last.usedMs - LIMIT_MS} ms of ${machines * INTERVAL_MS}`)
    })
  })

  test.each([2, 5])(
    '%i machines pass a limit by an interval each, but for a millisecond, at worst',
    async (machines) => {
      const rules = { limitMs: LIMIT_MS, intervalMs: INTERVAL_MS, strict: false }
      await useFleet(harness, { machines, rules }, async (fleet) => {
        await fleet.observer.addUsage(ENTRY, DAY, LIMIT_MS - 1)
        await Promise.all(fleet.machines.map((machine) => machine.start()))
        for (const machine of fleet.machines) machine.play(INTERVAL_MS)
        await Promise.all(fleet.machines.map((machine) => machine.checkpoint()))
        assert.equal((await fleet.look()).usedMs, LIMIT_MS + machines * INTERVAL_MS - 1)
        const { ends } = fleet.counts()
        assert.equal(ends, machines)
      })
    },
  )

  test('a machine that dies keeps one slice from the others, until it is recovered', async () => {
    const rules = { limitMs: LIMIT_MS, intervalMs: SLICE_MS, strict: true }
    await useFleet(harness, { machines: 3, rules }, async (fleet) => {
      const [lost] = fleet.machines
      await lost?.start()
      lost?.play(SLICE_MS)
      await lost?.checkpoint()
      lost?.play(17_000)
      const sessionId = lost?.die() ?? ''
      const check = ({ usedMs, reservedMs }: FleetView) => assert.ok(usedMs + reservedMs <= LIMIT_MS)

      const without = await fleet.playOut(0, check)
      assert.deepEqual([without.usedMs, without.reservedMs], [LIMIT_MS - SLICE_MS, SLICE_MS])
      assert.equal((await recoverSession(fleet.observer, { sessionId }))?.durationMs, SLICE_MS)
      const given = await fleet.look()
      assert.deepEqual([given.usedMs, given.reservedMs], [LIMIT_MS - SLICE_MS, 0])
      const last = await fleet.playOut(0, check)
      assert.deepEqual([last.usedMs, last.reservedMs], [LIMIT_MS, 0])
    })
  })

  test(`two nodes that recover the same session at the same moment end it once, ${RACES} times`, async ({
    annotate,
  }) => {
    const wins = await recoveryRaces(harness, RACES)
    await annotate(`the first node ${wins[0]} times, the second ${wins[1]} times`)
    assert.equal((wins[0] ?? 0) + (wins[1] ?? 0), RACES)
  })
})

const SHARED: readonly { readonly name: string; createPlace(): Promise<SharedPlace> }[] = [
  { name: 'sqlite', createPlace: sqlitePlace },
  { name: 'postgres', createPlace: () => postgresPlace(url) },
]

test.each(SHARED)('two processes on $name use a strict limit up, and never pass it', async ({ createPlace }) => {
  const place = await createPlace()
  const nodes = ['machine-0', 'machine-1']
  const players = new Players(place.address, nodes.length)
  try {
    const both = await Promise.all(nodes.map(() => players.next()))
    for (const [index, player] of both.entries()) {
      const as = { scope: 'child', node: `machine-${index}`, startAt: START_AT, seed: seed + index }
      player.start({ ...as, type: 'use_up', rules: { limitMs: LIMIT_MS, intervalMs: SLICE_MS, strict: true } })
    }
    await place.afterwards({ scope: 'child', node: 'observer' }, async (store) => {
      const used = Promise.all(both.map((player) => player.heard('used_up')))
      await lookUntil(used, async () => {
        const { usedMs, reservedMs } = (await store.getDayState(DAY)).entry(ENTRY)
        assert.ok(usedMs + reservedMs <= LIMIT_MS, `${usedMs} ms used, and ${reservedMs} ms booked ahead`)
      })
      const played = (await used).map(({ counts }) => counts.playedMs)
      assert.deepEqual([await store.getUsage(ENTRY, DAY), (played[0] ?? 0) + (played[1] ?? 0)], [LIMIT_MS, LIMIT_MS])
    })
  } finally {
    await players.close()
    await place.close()
  }
})

async function useFleet(
  harness: Harness,
  { machines, rules }: { readonly machines: number; readonly rules: MachineRules },
  use: (fleet: Fleet) => Promise<void>,
): Promise<void> {
  const fleet = await Fleet.open(harness, { machines, rules, seed })
  try {
    await use(fleet)
  } finally {
    await fleet.close()
  }
}

/** Looks again and again, as long as the work is under way. */
async function lookUntil(work: Promise<unknown>, look: () => Promise<void>): Promise<void> {
  let isDone = false
  const done = () => {
    isDone = true
  }
  void work.catch(() => undefined).finally(done)
  while (!isDone) {
    await look()
    // A look at a file leaves no room for messages of other processes.
    await setImmediate()
  }
}
