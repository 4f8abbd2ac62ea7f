import { killBefore } from '../processes/statements.ts'
import { openWatched, type Where } from '../processes/watched-store.ts'

export interface UpgradeTask {
  readonly where: Where
  /** Before this statement of the opening, counted from 1, it is killed. */
  readonly killAt: number
}

/** Opens what is there, in a process of its own. */
export async function perform({ where, killAt }: UpgradeTask): Promise<void> {
  const store = await openWatched(where, killBefore(killAt))
  await store.close()
}
