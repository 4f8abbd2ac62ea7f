import type { StateSnapshot } from '@shepherd-store/core'
import { onDriver, onStore, type Saboteur } from './saboteur.ts'

/** Defects by which a caller's objects and the store's are the same, and change each other. */
export const copySaboteurs: readonly Saboteur[] = [
  {
    name: 'keeps-the-callers-snapshot',
    plants: 'keeps the snapshot that was passed, and returns it as it has become',
    caughtBy: 'snapshot/save/does-not-share-anything-with-the-caller',
    sabotage: onStore((sound) => {
      const kept = new Map<number, StateSnapshot>()
      return {
        async saveSnapshot(snapshot) {
          await sound.saveSnapshot(snapshot)
          const { revision = 0 } = (await sound.loadSnapshot()) ?? {}
          kept.set(revision, snapshot)
        },
        async loadSnapshot() {
          const saved = await sound.loadSnapshot()
          return saved && { ...saved, snapshot: kept.get(saved.revision) ?? saved.snapshot }
        },
      }
    }),
  },
  {
    name: 'keeps-the-callers-date',
    plants: 'keeps the date of a cooldown that was passed, and returns it as it has become',
    caughtBy: 'cooldown/set/does-not-share-the-date-with-the-caller',
    sabotage: onStore((sound) => {
      const kept = new Map<string, Date>()
      return {
        async setCooldownUntil(entryId, until) {
          await sound.setCooldownUntil(entryId, until)
          kept.set(entryId, until)
        },
        async getCooldownUntil(entryId) {
          const until = await sound.getCooldownUntil(entryId)
          return until && (kept.get(entryId) ?? until)
        },
      }
    }),
  },
  {
    name: 'lends-its-dates',
    plants: 'returns the same date for a cooldown each time',
    caughtBy: 'cooldown/set/does-not-share-the-date-with-the-caller',
    sabotage: onStore((sound) => {
      const lent = new Map<string, Date>()
      return {
        async getCooldownUntil(entryId) {
          const until = await sound.getCooldownUntil(entryId)
          const key = `${entryId} ${until?.toISOString()}`
          if (until !== undefined && !lent.has(key)) lent.set(key, until)
          return until && lent.get(key)
        },
      }
    }),
  },
  {
    name: 'lends-its-records',
    plants: 'returns the same objects for a record each time',
    caughtBy: 'audit/read/does-not-share-records-with-the-caller',
    sabotage: onStore((sound) => {
      const lent = new Map<number, Awaited<ReturnType<typeof sound.appendAudit>>>()
      return {
        async listAudits(query) {
          const records = await sound.listAudits(query)
          for (const record of records) if (!lent.has(record.id)) lent.set(record.id, record)
          return records.map((record) => lent.get(record.id) ?? record)
        },
      }
    }),
  },
  {
    name: 'query-read-late',
    plants: 'reads the query of a report when its turn comes, when the caller may have changed it',
    caughtBy: 'arguments/queries/are-copied-at-the-call',
    throws: 'INVALID_ARGUMENT',
    sabotage: onStore((sound) => ({
      async listUsage(query) {
        await Promise.resolve()
        return sound.listUsage(query)
      },
    })),
  },
  {
    name: 'reads-cached',
    plants: 'answers a read that it has answered before from memory, until it writes itself',
    caughtBy: 'commit/order/a-read-sees-what-was-acknowledged',
    sabotage: onDriver((sound) => {
      const answers = new Map<string, ReturnType<typeof sound.read>>()
      return {
        write(units) {
          answers.clear()
          return sound.write(units)
        },
        read(request) {
          const key = JSON.stringify(request)
          const answer = answers.get(key) ?? sound.read(request)
          answers.set(key, answer)
          return answer
        },
      }
    }),
  },
]
