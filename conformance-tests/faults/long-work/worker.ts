import { killBefore } from '../processes/statements.ts'
import { openWatched, type Where } from '../processes/watched-store.ts'
import { LONG_WORKS, type LongWorkName } from './works.ts'

export interface LongWorkTask {
  readonly name: LongWorkName
  readonly where: Where
  readonly source: string
  /** Before this statement of the call, counted from 1, it is killed. */
  readonly killAt: number
}

/** Does the work in a process of its own. */
export async function perform({ name, where, source, killAt }: LongWorkTask): Promise<void> {
  let meet = () => {}
  const store = await openWatched(where, () => meet())
  meet = killBefore(killAt)
  await LONG_WORKS[name].perform(store, source)
  await store.close()
}
