import {
  type AuditRecord,
  isStoreError,
  type OwnedStore,
  type ReadAuditsOptions,
  StoreError,
} from '@shepherd-store/core'
import type { Sabotage } from '@shepherd-store/core/conformance'
import { onDriver, onStore, roundTrip, type Saboteur } from './saboteur.ts'

/** Defects in following the log: a gap, a repetition, an end too early, too late, or of the wrong kind. */
export const auditFollowSaboteurs: readonly Saboteur[] = [
  {
    name: 'follower-that-ends',
    plants: 'ends at the end of the log, although it was to follow',
    caughtBy: 'audit-follow/records/what-is-there-and-then-what-comes',
    sabotage: onReaders((sound, { follow: _, ...query }) => sound.readAudits(query)),
  },
  {
    name: 'follower-of-its-own-node',
    plants: 'hears of what its own machine appends, and of nothing else',
    caughtBy: 'audit-follow/records/of-another-handle',
    sabotage: onReaders((sound, query) => sound.readAudits({ ...query, node: sound.node })),
  },
  {
    name: 'follower-with-a-gap',
    plants: 'waits for what comes behind the end of the log, which grew since its last page',
    caughtBy: 'audit-follow/records/appended-between-a-page-and-the-wait',
    sabotage: onReaders((sound, query) => followSimply(sound, query, async () => (await sound.auditHead())?.id ?? 0)),
  },
  {
    name: 'follower-that-repeats',
    plants: 'asks again for the last record of a page that was not full',
    caughtBy: 'audit-follow/records/what-is-there-and-then-what-comes',
    sabotage: onReaders((sound, query) =>
      followSimply(sound, query, (after, page) => (page.length === query.limit ? after : Math.max(after - 1, 0))),
    ),
  },
  {
    name: 'follower-that-skips-when-slow',
    plants: 'drops what is more than a thousand records old when a slow reader comes to it',
    caughtBy: 'audit-follow/slow/one-that-holds-a-record-gets-all-the-others',
    sabotage: onReaders((sound, query) =>
      followSimply(sound, query, async (after) => Math.max(after, ((await sound.auditHead())?.id ?? 0) - 1_000)),
    ),
  },
  {
    name: 'follower-without-its-filters',
    plants: 'shows everything that comes, although only some of it was asked for',
    caughtBy: 'audit-follow/filters/hold-for-what-comes',
    sabotage: onReaders(async function* (sound, { follow, signal, scope, after = 0, ...query }) {
      const there = await sound.listAudits({ ...query, scope, after })
      yield* there
      yield* sound.readAudits({ follow, signal, scope, after: there.at(-1)?.id ?? after })
    }),
  },
  {
    name: 'follower-from-the-beginning',
    plants: 'begins at the beginning of the log when it is resumed',
    caughtBy: 'audit-follow/after/goes-on-behind-a-record',
    sabotage: onReaders((sound, { after: _, ...query }) => sound.readAudits(query)),
  },
  {
    name: 'followers-that-share',
    plants: 'shows a record to one of its followers, as a queue would',
    caughtBy: 'audit-follow/slow/holds-up-nobody',
    sabotage: onStore((sound) => {
      const taken = new Set<number>()
      return {
        async *readAudits(query) {
          for await (const record of sound.readAudits(query)) {
            if (taken.has(record.id)) continue
            taken.add(record.id)
            yield record
          }
        },
      }
    }),
  },
  {
    name: 'follower-deaf',
    plants: 'does not end when it is aborted',
    caughtBy: 'audit-follow/abort/while-it-waits',
    sabotage: onReaders((sound, { signal: _, ...query }) => sound.readAudits(query)),
  },
  {
    name: 'follower-that-ends-its-page',
    plants: 'shows the rest of its page when it is aborted',
    caughtBy: 'audit-follow/abort/in-the-middle-of-a-page',
    sabotage: onReaders(async function* (sound, { follow: _, signal, ...query }) {
      if (signal?.aborted !== true) yield* await sound.listAudits(query)
    }),
  },
  {
    name: 'follower-that-fails-on-abort',
    plants: 'ends with an error when it is aborted',
    caughtBy: 'audit-follow/abort/before-the-first-record',
    throws: 'ABORTED',
    sabotage: onReaders(async function* (sound, query) {
      yield* sound.readAudits(query)
      throw new StoreError('ABORTED', 'the follower was stopped')
    }),
  },
  {
    name: 'export-stopped-and-complete',
    plants: 'ends as if it were complete when a reader that does not follow is aborted',
    caughtBy: 'audit-follow/abort/a-reader-that-does-not-follow-is-not-complete',
    sabotage: onStore((sound) => ({ readAudits: (query) => endingWith('ABORTED', sound.readAudits(query)) })),
  },
  {
    name: 'follower-backwards',
    plants: 'reads the log backwards, to its end, when it is to follow backwards',
    caughtBy: 'audit-follow/arguments/backwards-or-with-an-end-is-refused',
    sabotage: onReaders((sound, { follow, ...query }) =>
      sound.readAudits(query.order === 'desc' ? query : { ...query, follow }),
    ),
  },
  {
    name: 'follower-without-patience',
    plants: 'gives up when the connection is lost',
    caughtBy: 'audit-follow/faults/a-lost-connection-is-outlasted',
    throws: 'UNAVAILABLE',
    sabotage: onReadErrors(() => false),
  },
  {
    name: 'follower-without-end',
    plants: 'tries again for ever, whatever the database says',
    caughtBy: 'audit-follow/faults/one-that-lasts-ends-it-with-its-error',
    sabotage: onReadErrors(() => true),
  },
  {
    name: 'follower-closed-in-silence',
    plants: 'ends without an error when the store is closed',
    caughtBy: 'audit-follow/close/ends-it-with-an-error',
    sabotage: onReaders((sound, query) => endingWith('CLOSED', sound.readAudits(query))),
  },
  {
    name: 'follower-that-leaves-a-listener',
    plants: 'goes on listening to the signal of a loop that was left',
    caughtBy: 'audit-follow/loop/that-is-left-leaves-nothing-behind',
    sabotage: onReaders(async function* (sound, query) {
      query.signal?.addEventListener('abort', () => undefined)
      yield* sound.readAudits(query)
    }),
  },
]

/** Those who follow read in another way. */
function onReaders(read: (sound: OwnedStore, query: ReadAuditsOptions) => AsyncIterable<AuditRecord>): Sabotage {
  return onStore((sound) => ({
    readAudits: (query) => (query?.follow === true ? read(sound, query) : sound.readAudits(query)),
  }))
}

/** A follower that looks at the log in turn, and goes on behind what `goOn` says: rightly, behind the last record of its page. */
async function* followSimply(
  sound: OwnedStore,
  { follow: _, signal, ...query }: ReadAuditsOptions,
  goOn: (after: number, page: readonly AuditRecord[]) => number | Promise<number>,
): AsyncIterable<AuditRecord> {
  let { after = 0 } = query
  const isStopped = () => signal?.aborted === true
  while (!isStopped()) {
    const page = await sound.listAudits({ ...query, after })
    for (const record of page) {
      if (isStopped()) return
      yield record
    }
    after = await goOn(page.at(-1)?.id ?? after, page)
    await roundTrip()
  }
}

/** An error of this code ends it as if all had been read. */
async function* endingWith(
  code: 'ABORTED' | 'CLOSED',
  records: AsyncIterable<AuditRecord>,
): AsyncIterable<AuditRecord> {
  try {
    yield* records
  } catch (error) {
    if (!isStoreError(error, code)) throw error
  }
}

/** What a failed read says of whether to try again. */
function onReadErrors(retryable: () => boolean): Sabotage {
  return onDriver((sound) => ({
    async read(request) {
      try {
        return await sound.read(request)
      } catch (error) {
        if (!isStoreError(error)) throw error
        throw new StoreError(error.code, error.message, { cause: error, retryable: retryable() })
      }
    },
  }))
}
