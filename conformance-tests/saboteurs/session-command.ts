import type {
  DriverChange,
  SessionCommand,
  SessionRow,
  StoreDriver,
  WriteOutcome,
  WriteUnit,
} from '@shepherd-store/core'
import type { Sabotage } from '@shepherd-store/core/conformance'
import { onEachUnit } from './saboteur.ts'

type Action = SessionCommand['action']
type Command<A extends Action> = Extract<SessionCommand, { readonly action: A }>

/** Units with a command of this kind are written alone, by `write`. */
export function onCommand<A extends Action>(
  action: A,
  write: (sound: StoreDriver, command: Command<A>, unit: WriteUnit) => Promise<WriteOutcome>,
): Sabotage {
  return onEachUnit(
    (unit) => commandOf(unit, action) !== undefined,
    (sound, unit) => {
      const command = commandOf(unit, action)
      if (command === undefined) throw new Error(`there is no ${action} in this unit`)
      return write(sound, command, unit)
    },
  )
}

/** The unit with another change in the place of its session's. */
export function replaced(unit: WriteUnit, ...changes: readonly DriverChange[]): WriteUnit {
  return { ...unit, changes: unit.changes.flatMap((change) => (change.table === 'session' ? changes : [change])) }
}

/** The session as it is stored. */
export async function rowOf(
  driver: StoreDriver,
  { scope, sessionId }: Pick<SessionCommand, 'scope' | 'sessionId'>,
): Promise<SessionRow | undefined> {
  return (await driver.read({ sessions: { scope, sessionId, limit: 1 } })).sessions[0]
}

function commandOf<A extends Action>({ changes }: WriteUnit, action: A): Command<A> | undefined {
  return changes.find((change): change is Command<A> => change.table === 'session' && change.action === action)
}
