import { type DriverChange, nodeKey } from '@shepherd-store/core'
import { bothOf, onChanges, onDriver, onRequests, onResults, onStore, onUnits, type Saboteur } from './saboteur.ts'

/** Defects in when an entry becomes available again, and in what a service finds after a crash. */
export const cooldownSaboteurs: readonly Saboteur[] = [
  {
    name: 'extend-shortens',
    plants: 'lets an extension replace a later cooldown',
    caughtBy: 'cooldown/extend/keeps-the-later',
    sabotage: onChanges((change) => (change.table === 'cooldown' ? { ...change, keepLater: false } : change)),
  },
  {
    name: 'set-keeps-the-later',
    plants: 'keeps a later cooldown when an earlier one is set',
    caughtBy: 'cooldown/set/replaces-a-later-one',
    sabotage: onChanges((change) =>
      change.table === 'cooldown' && change.until !== undefined ? { ...change, keepLater: true } : change,
    ),
  },
  {
    name: 'clear-does-nothing',
    plants: 'acknowledges that a cooldown is cleared, and leaves it',
    caughtBy: 'cooldown/clear/removes-it-once-and-for-all',
    sabotage: onChanges((change) => (change.table === 'cooldown' && change.until === undefined ? [] : change)),
  },
  {
    name: 'past-cooldown-is-none',
    plants: 'tells of a cooldown that is over as if none had been set',
    caughtBy: 'cooldown/get/one-that-is-over-is-still-told',
    sabotage: onStore((sound) => ({
      async getCooldownUntil(entryId) {
        const until = await sound.getCooldownUntil(entryId)
        return until !== undefined && until < sound.clock.now() ? undefined : until
      },
    })),
  },
  {
    name: 'cooldown-in-whole-seconds',
    plants: 'cuts the end of a cooldown to whole seconds',
    caughtBy: 'cooldown/set/comes-back-equal',
    sabotage: onChanges((change) =>
      change.table === 'cooldown' && change.until !== undefined
        ? { ...change, until: new Date(Math.floor(change.until.getTime() / 1_000) * 1_000) }
        : change,
    ),
  },
  {
    name: 'cooldown-by-node',
    plants: 'keeps a cooldown on the node that has set it',
    caughtBy: 'cooldown/set/nodes-share-and-scopes-do-not',
    sabotage: onStore((sound) => {
      // The suite's default node is the one that the others are held to.
      const own = (entryId: string): string => (sound.node === 'local' ? entryId : `${entryId} on ${sound.node}`)
      return {
        getCooldownUntil: (entryId) => sound.getCooldownUntil(own(entryId)),
        setCooldownUntil: (entryId, until) => sound.setCooldownUntil(own(entryId), until),
        clearCooldown: (entryId) => sound.clearCooldown(own(entryId)),
      }
    }),
  },
  {
    name: 'cooldown-without-scope',
    plants: 'lets the cooldown of one scope hold in all of them',
    caughtBy: 'cooldown/set/nodes-share-and-scopes-do-not',
    sabotage: bothOf(
      onUnits((unit) => ({
        ...unit,
        conditions: unit.conditions.map((condition) =>
          condition.type === 'no_cooldown' ? { ...condition, scope: 'all' } : condition,
        ),
        changes: unit.changes.map((change) => (change.table === 'cooldown' ? { ...change, scope: 'all' } : change)),
      })),
      onRequests(({ cooldowns, ...request }) => ({
        ...request,
        ...(cooldowns && { cooldowns: { ...cooldowns, scope: 'all' } }),
      })),
    ),
  },
]

export const snapshotSaboteurs: readonly Saboteur[] = [
  {
    name: 'snapshot-shared-by-nodes',
    plants: 'keeps one snapshot for all nodes of a scope',
    caughtBy: 'snapshot/save/belongs-to-its-node-and-scope',
    sabotage: bothOf(
      onUnits((unit) => ({
        ...unit,
        conditions: unit.conditions.map((condition) =>
          condition.type === 'snapshot_revision_is' ? { ...condition, node: 'all' } : condition,
        ),
        changes: unit.changes.map((change) => (change.table === 'snapshot' ? { ...change, node: 'all' } : change)),
      })),
      onRequests(({ snapshots, ...request }) => ({
        ...request,
        ...(snapshots && { snapshots: { ...snapshots, node: 'all' } }),
      })),
    ),
  },
  {
    name: 'snapshot-saved-once',
    plants: 'keeps the content of the first snapshot, and acknowledges those that follow',
    caughtBy: 'snapshot/save/replaces-the-whole',
    sabotage: onDriver((sound) => {
      const first = new Map<string, string>()
      const kept = (change: DriverChange): DriverChange => {
        if (change.table !== 'snapshot') return change
        const key = nodeKey(change)
        const text = first.get(key) ?? change.text
        first.set(key, text)
        return { ...change, text }
      }
      return { write: (units) => sound.write(units.map((unit) => ({ ...unit, changes: unit.changes.map(kept) }))) }
    }),
  },
  {
    name: 'snapshot-unchanged-revision',
    plants: 'tells the revision 1 of every snapshot',
    caughtBy: 'snapshot/save/each-one-is-a-revision',
    sabotage: onResults((result) => ({
      ...result,
      snapshots: result.snapshots.map((row) => ({ ...row, revision: 1 })),
    })),
  },
]
