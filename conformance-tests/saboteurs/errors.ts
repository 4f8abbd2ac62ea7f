import {
  isStoreError,
  type ReadResult,
  type StoreDriver,
  StoreError,
  type WriteOutcome,
  type WriteUnit,
} from '@shepherd-store/core'
import { onDriver, onPages, onResults, onStore, type Saboteur } from './saboteur.ts'

const NOTHING: ReadResult = {
  ...{ usage: [], grants: [], reserved: [], cooldowns: [] },
  ...{ sessions: [], nodes: [], snapshots: [], audits: [] },
}

/** Defects in what a failure is told as, and in what is made of a row that cannot be read. */
export const errorSaboteurs: readonly Saboteur[] = [
  {
    name: 'write-error-swallowed',
    plants: 'acknowledges writes that have failed',
    caughtBy: 'faults/write/that-failed-before-it-took-effect',
    sabotage: onDriver((sound) => ({ write: (units) => sound.write(units).catch(() => units.map(acknowledged)) })),
  },
  {
    name: 'read-error-is-nothing',
    plants: 'takes a read that fails for one that finds nothing',
    caughtBy: 'faults/read/never-reads-as-nothing',
    sabotage: onDriver((sound) => ({ read: (request) => sound.read(request).catch(() => NOTHING) })),
  },
  {
    name: 'retried-blindly',
    plants: 'writes again after a failure that does not tell whether the write took effect',
    caughtBy: 'faults/write/whose-reply-was-lost',
    sabotage: onDriver((sound) => ({
      write: (units) =>
        sound
          .write(units)
          .catch((error: unknown) =>
            isStoreError(error) && error.outcome === 'unknown' ? sound.write(units) : raise(error),
          ),
    })),
  },
  {
    name: 'outcome-guessed',
    plants: 'says that a write did not take effect when that is not known',
    caughtBy: 'faults/write/whose-reply-was-lost',
    sabotage: onFailures(
      (error) => new StoreError(error.code, error.message, { cause: error, outcome: 'not_applied' }),
    ),
  },
  {
    name: 'outcome-never-known',
    plants: 'says of every failed write that it may have taken effect',
    caughtBy: 'faults/write/that-failed-before-it-took-effect',
    sabotage: onFailures((error) => new StoreError(error.code, error.message, { cause: error, outcome: 'unknown' })),
  },
  {
    name: 'codes-lost',
    plants: 'reports every failure of the database with one code',
    caughtBy: 'faults/write/that-failed-before-it-took-effect',
    sabotage: onFailures(
      (error) => new StoreError('DATABASE', error.message, { cause: error, outcome: error.outcome }),
    ),
  },
  {
    name: 'never-retryable',
    plants: 'says of no failure that trying again makes sense',
    caughtBy: 'faults/write/that-failed-before-it-took-effect',
    sabotage: onFailures(
      (error) => new StoreError(error.code, error.message, { cause: error, outcome: error.outcome, retryable: false }),
    ),
  },
  {
    name: 'unreadable-usage-is-zero',
    plants: 'takes usage that cannot be read for none',
    caughtBy: 'usage/get/a-spoiled-row-is-malformed',
    sabotage: onResults((result) => ({ ...result, usage: result.usage.map((sum) => ({ ...sum, unreadable: 0 })) })),
  },
  {
    name: 'unreadable-cooldown-is-none',
    plants: 'takes a cooldown that cannot be read for none',
    caughtBy: 'cooldown/get/a-spoiled-one-is-malformed',
    sabotage: onResults((result) => ({
      ...result,
      cooldowns: result.cooldowns.filter(({ until }) => !Number.isNaN(until.getTime())),
    })),
  },
  {
    name: 'unreadable-snapshot-is-none',
    plants: 'takes a snapshot that cannot be read for none',
    caughtBy: 'snapshot/load/a-spoiled-one-is-malformed',
    sabotage: onStore((sound) => ({
      loadSnapshot: () =>
        sound.loadSnapshot().catch((error: unknown) => (isStoreError(error, 'MALFORMED') ? undefined : raise(error))),
    })),
  },
  {
    name: 'unreadable-record-fails-the-list',
    plants: 'fails a list of records for one that cannot be read',
    caughtBy: 'audit/read/a-spoiled-record-is-marked',
    throws: 'MALFORMED',
    sabotage: onPages((page) => {
      if (page.every(({ event }) => event.type !== 'unreadable')) return page
      throw new StoreError('MALFORMED', 'a record cannot be read')
    }),
  },
  {
    name: 'unreadable-record-left-out',
    plants: 'leaves a record that cannot be read out of lists',
    caughtBy: 'audit/read/a-spoiled-record-is-marked',
    sabotage: onPages((page) => page.filter(({ event }) => event.type !== 'unreadable')),
  },
]

/** As a caller would see it who looks at nothing else. */
function acknowledged({ changes }: WriteUnit): WriteOutcome {
  const contents = changes.flatMap((change) => (change.table === 'audit' ? [change.content] : []))
  const audits = contents.map((content, index) => ({ ...content, id: index + 1, hash: '0'.repeat(64) }))
  return { type: 'applied', audits, usage: [], sessions: [] }
}

/** Failures of the driver are changed before they are told. */
function onFailures(defect: (error: StoreError) => StoreError): Saboteur['sabotage'] {
  const told = (error: unknown): never => raise(isStoreError(error) ? defect(error) : error)
  return onDriver((sound: StoreDriver) => ({
    write: (units) => sound.write(units).catch(told),
    read: (request) => sound.read(request).catch(told),
  }))
}

function raise(error: unknown): never {
  throw error
}
