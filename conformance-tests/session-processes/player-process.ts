import process from 'node:process'
import { inspect } from 'node:util'
import { type CalendarOptions, type Change, createStore, manualClock, type StoreDriver } from '@shepherd-store/core'
import { announced } from './announced.ts'
import { Machine } from './machine.ts'
import { play } from './play.ts'
import { seeded } from './seeded.ts'
import { type PlayerMessage, type PlayerPreparation, type PlayerTask, UTC } from './tasks.ts'

/** The other side of `Player`: a process of its own, which does its task and then stays, with the place open. */
async function work(): Promise<void> {
  const { address } = (await nextMessage()) as PlayerPreparation
  const { openDriver } = (await import(address.module)) as {
    openDriver(location: string, options: { readonly calendar: CalendarOptions }): Promise<StoreDriver>
  }
  tell({ type: 'loaded' })
  const task = (await nextMessage()) as PlayerTask
  const { scope, node } = task
  const clock = manualClock(task.startAt)
  const store = createStore(await openDriver(address.location, { calendar: UTC }), { scope, node, clock })
  switch (task.type) {
    case 'play': {
      const ending = async (changes: readonly Change[]) => {
        tell({ type: 'ending', changes })
        if (task.holdsBeforeEnd) await new Promise(() => undefined)
      }
      const session = await play(announced(store, ending), clock, task.play)
      tell({ type: 'played' })
      if (task.play.end === undefined) return
      await session.end(task.play.end)
      tell({ type: 'ended' })
      return
    }
    case 'use_up': {
      const machine = new Machine({ store, clock, rules: task.rules, choices: seeded(task.seed) })
      tell({ type: 'used_up', counts: await machine.useUp() })
    }
  }
}

function nextMessage(): Promise<unknown> {
  return new Promise((resolve) => process.once('message', resolve))
}

function tell(message: PlayerMessage): void {
  process.send?.(message)
}

// Whoever started it has gone, and nobody else would end it.
process.on('disconnect', () => process.exit(1))
try {
  await work()
} catch (error) {
  tell({ type: 'failed', problem: inspect(error) })
}
