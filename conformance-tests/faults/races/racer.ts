import { isStoreError, manualClock, type OwnedStore, type Store, type StoreErrorCode } from '@shepherd-store/core'
import { openPostgresStore } from '@shepherd-store/postgres'
import { openSqliteStore } from '@shepherd-store/sqlite'
import type { Where } from '../processes/watched-store.ts'
import { work, WORK_AT } from '../work.ts'

export type Turn = 'write' | 'prune' | 'verify' | 'follow' | 'compact'

export interface RaceTask {
  readonly where: Where
  readonly writer: string
  /** How it writes to a file. */
  readonly through: 'thread' | 'inline'
  readonly turns: readonly Turn[]
  /** Where records go that leave the log. */
  readonly archiveTo: string
}

/** What the contract lets pass, beside `BUSY`: what is read or archived may leave the log meanwhile. */
const PASSING: Readonly<Record<Turn, readonly StoreErrorCode[]>> = {
  write: [],
  prune: ['INVALID_ARGUMENT'],
  verify: ['NOT_FOUND'],
  follow: ['NOT_FOUND'],
  compact: [],
}
const STEPS_PER_TURN = 5
const RETRIES = 20
const KEEP_DAYS = 30
const DAY_MS = 24 * 60 * 60 * 1_000

/** Opens the place for each turn, does what it is to do, and closes it. It says `did TURN` or `passed TURN CODE`. */
export async function perform(task: RaceTask, say: (line: string) => void): Promise<void> {
  let step = 0
  for (const [index, turn] of task.turns.entries()) {
    try {
      const clock = manualClock(WORK_AT)
      // Later with each turn, so that what told of the archive before is old, too.
      if (turn === 'prune') clock.advance((index + 1) * (KEEP_DAYS + 1) * DAY_MS)
      const store = await open(task, clock)
      try {
        if (turn === 'write') {
          const { writer } = task
          const tell: Parameters<typeof work>[1]['tell'] = (told, number) => say(`${told} ${writer} ${number}`)
          await work(store, { writer, from: step, steps: STEPS_PER_TURN, retries: RETRIES, clock, tell })
          step += STEPS_PER_TURN
        } else await TURNS[turn](store, task)
      } finally {
        await store.close()
      }
      say(`did ${turn}`)
    } catch (error) {
      if (!isStoreError(error, 'BUSY', ...PASSING[turn])) throw error
      say(`passed ${turn} ${error.code}`)
    }
  }
}

function open({ where, writer, through }: RaceTask, clock: ReturnType<typeof manualClock>): Promise<OwnedStore> {
  return where.type === 'sqlite'
    ? openSqliteStore(where.path, { node: writer, clock, writer: through })
    : openPostgresStore({ connectionString: where.url, max: 2 }, { node: writer, clock, schema: where.schema })
}

const TURNS: Readonly<Record<Exclude<Turn, 'write'>, (store: Store, task: RaceTask) => Promise<unknown>>> = {
  prune: (store, { archiveTo }) => store.applyRetention({ keepDays: KEEP_DAYS, archiveTo }),
  async verify(store) {
    const { intact, firstBreak } = await store.verifyAudits()
    if (!intact) throw new Error(`the log is broken: ${firstBreak?.message}`)
  },
  /** From where the log ended to a record of its own, whoever writes or prunes meanwhile. */
  async follow(store) {
    let last = (await store.auditHead())?.id ?? 0
    const own = await store.appendAudit({ type: 'service_started' })
    for await (const { id } of store.readAudits({ follow: true, after: last, scope: 'all' })) {
      if (id !== last + 1) throw new Error(`record ${id} follows on record ${last}`)
      last = id
      if (id === own.id) return
    }
  },
  // Only a file has it.
  compact: async (store) => ('compact' in store ? (store.compact as () => Promise<void>)() : undefined),
}
