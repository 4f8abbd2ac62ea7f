import type { AuditQuery, AuditRecord, AuditRequest, AuditRow, Store, StoreDriver } from '@shepherd-store/core'
import type { Sabotage } from '@shepherd-store/core/conformance'
import { onDriver, onRequests, onStore, type Saboteur } from './saboteur.ts'

/** Defects in what is asked of the log: a filter that is passed over, taken too widely or too narrowly, or not for each page. */
export const auditFilterSaboteurs: readonly Saboteur[] = [
  {
    name: 'log-of-every-entry',
    plants: 'returns the records of every entry when one was asked for',
    caughtBy: 'audit-filters/list/by-entry',
    sabotage: onAudits(({ entryId: _, ...audits }) => audits),
  },
  {
    name: 'log-of-every-session',
    plants: 'returns the records of every session when one was asked for',
    caughtBy: 'audit-filters/list/by-session',
    sabotage: onAudits(({ sessionId: _, ...audits }) => audits),
  },
  {
    name: 'log-of-every-type',
    plants: 'returns events of every type when one was asked for',
    caughtBy: 'audit-filters/list/by-one-type',
    sabotage: onAudits(({ types: _, ...audits }) => audits),
  },
  {
    name: 'types-without-the-last',
    plants: 'loses one of several types',
    caughtBy: 'audit-filters/list/by-several-types-and-repeated-ones',
    sabotage: onAudits((audits) => {
      const { types = [] } = audits
      return types.length < 2 ? audits : { ...audits, types: types.slice(0, -1) }
    }),
  },
  {
    name: 'types-counted-twice',
    plants: 'returns a record once for each time that its type is named',
    caughtBy: 'audit-filters/list/by-several-types-and-repeated-ones',
    sabotage: onLists(async (list, query) => {
      const typesOf = ({ event }: AuditRecord) => (query?.types ?? []).filter((type) => type === event.type)
      return (await list(query)).flatMap((record) =>
        typesOf(record).length < 2 ? record : typesOf(record).map(() => record),
      )
    }),
  },
  {
    name: 'types-page-by-page',
    plants: 'puts the records of several types one type behind the other',
    caughtBy: 'audit-filters/list/up-to-three-together',
    sabotage: onPageOf(
      ({ types = [] }) => types.length > 1,
      async (list, { types = [], ...audits }) => {
        const pages = await Promise.all(types.map((type) => list({ ...audits, types: [type] })))
        return pages.flat().slice(0, audits.limit)
      },
    ),
  },
  {
    name: 'types-of-the-service-alone',
    plants: 'finds what another service wrote under the type other, not under its name',
    caughtBy: 'audit-filters/list/by-the-names-of-another-service',
    sabotage: onPageOf(
      ({ types }) => types !== undefined,
      async (list, audits) => (await list(audits)).filter(({ text }) => !text.includes('"type":"other"')),
    ),
  },
  {
    name: 'entries-in-others-data',
    plants: 'takes what another service calls an entry id for one',
    caughtBy: 'audit-filters/list/by-entry',
    sabotage: onPageOf(
      ({ entryId }) => entryId !== undefined,
      async (list, { entryId, limit, ...audits }) => {
        const rows = await list({ ...audits, limit: 1_000 })
        return rows.filter(({ text }) => text.includes(`"entry_id":${JSON.stringify(entryId)}`)).slice(0, limit)
      },
    ),
  },
  {
    name: 'from-exclusive',
    plants: 'leaves out the records of the instant that a time begins with',
    caughtBy: 'audit-filters/list/by-time-from-and-before',
    sabotage: onAudits(({ from, ...audits }) => ({ ...audits, ...(from && { from: new Date(from.getTime() + 1) }) })),
  },
  {
    name: 'to-inclusive',
    plants: 'returns the records of the instant that a time ends before',
    caughtBy: 'audit-filters/list/by-time-from-and-before',
    sabotage: onAudits(({ to, ...audits }) => ({ ...audits, ...(to && { to: new Date(to.getTime() + 1) }) })),
  },
  {
    name: 'entry-or-time',
    plants: 'passes over the time when an entry is asked for as well',
    caughtBy: 'audit-filters/list/up-to-three-together',
    sabotage: onAudits(({ from, ...audits }) =>
      from === undefined || audits.entryId !== undefined ? audits : { ...audits, from },
    ),
  },
  {
    name: 'session-of-every-scope',
    plants: 'shows a session of another scope that has the same id',
    caughtBy: 'audit-filters/list/by-session',
    sabotage: onAudits(({ scope, ...audits }) =>
      scope === undefined || audits.sessionId !== undefined ? audits : { ...audits, scope },
    ),
  },
  {
    name: 'filtered-behind-the-limit',
    plants: 'filters a page after it was cut to its limit',
    caughtBy: 'audit-filters/list/by-entry',
    sabotage: onPageOf(
      ({ entryId }) => entryId !== undefined,
      async (list, { entryId, ...audits }) => (await list(audits)).filter((row) => row.entryId === entryId),
    ),
  },
  {
    name: 'time-in-its-own-order',
    plants: 'orders records by their timestamps when a time is asked for',
    caughtBy: 'audit-filters/list/in-the-order-of-the-log-whatever-the-clock-says',
    sabotage: onPageOf(isTimed, async (list, audits) => {
      const direction = audits.order === 'asc' ? 1 : -1
      return (await list(audits)).toSorted((a, b) => direction * (a.timestamp.getTime() - b.timestamp.getTime()))
    }),
  },
  {
    name: 'time-without-its-ties',
    plants: 'goes on behind the time of the last record, not behind the record',
    caughtBy: 'audit-filters/read/each-once-in-pages-of-1-and-2',
    sabotage: onPageOf(isTimed, async (list, audits) => {
      const rows = await list(audits)
      const before = audits.after === undefined ? [] : await list({ order: 'asc', limit: 1, after: audits.after - 1 })
      const last = before[0]?.timestamp.getTime()
      return audits.order === 'asc' ? rows.filter(({ timestamp }) => timestamp.getTime() !== last) : rows
    }),
  },
  {
    name: 'time-that-only-goes-forward',
    plants: 'looks no further than the first record that is later than the time which is asked for',
    caughtBy: 'audit-filters/list/a-time-far-from-its-neighbours',
    sabotage: onPageOf(isForward, async (list, { to, ...audits }) => {
      const rows = await list(audits)
      const end = rows.findIndex(({ timestamp }) => to !== undefined && timestamp >= to)
      return end < 0 ? rows : rows.slice(0, end)
    }),
  },
  {
    name: 'second-page-of-every-session',
    plants: 'forgets the session when it goes on behind a record',
    caughtBy: 'audit-filters/list/by-session',
    sabotage: onAudits(({ sessionId, ...audits }) =>
      sessionId === undefined || audits.after !== undefined ? audits : { ...audits, sessionId },
    ),
  },
  {
    name: 'reader-by-count',
    plants: 'finds its next page by counting records from the end of a log that grows',
    caughtBy: 'audit-filters/read/500-appended-meanwhile-repeat-and-hide-none',
    sabotage: onStore((sound) => ({
      // Of a few only: it reads everything again for each page.
      readAudits: (query) =>
        query?.order === 'desc' && query.limit === 100 && query.types !== undefined
          ? byCount(sound, query)
          : sound.readAudits(query),
    })),
  },
  {
    name: 'filters-by-reference',
    plants: 'looks at the list of types only when it is its turn',
    caughtBy: 'audit-filters/list/as-asked-at-the-call',
    sabotage: onLists(async (list, query) => {
      await Promise.resolve()
      return list(query)
    }),
  },
  {
    name: 'no-types-are-all-types',
    plants: 'takes an empty list of types for no filter',
    caughtBy: 'audit-filters/list/malformed-filters-are-refused',
    sabotage: onLists((list, query) => {
      const { types, ...rest } = query ?? {}
      return Array.isArray(types) && types.length === 0 ? list(rest) : list(query)
    }),
  },
]

function onAudits(defect: (audits: AuditRequest) => AuditRequest): Sabotage {
  return onRequests(({ audits, ...request }) => ({ ...request, ...(audits && { audits: defect(audits) }) }))
}

type List<Q, R> = (query: Q) => Promise<readonly R[]>

/** Pages that `concerns` names are read by `page`. */
function onPageOf(
  concerns: (audits: AuditRequest) => boolean,
  page: (list: List<AuditRequest, AuditRow>, audits: AuditRequest) => Promise<readonly AuditRow[]>,
): Sabotage {
  return onDriver((sound: StoreDriver) => ({
    async read(request) {
      const { audits } = request
      const result = await sound.read(request)
      if (audits === undefined || !concerns(audits)) return result
      return { ...result, audits: await page(async (other) => (await sound.read({ audits: other })).audits, audits) }
    },
  }))
}

function onLists(
  page: (
    list: List<AuditQuery | undefined, AuditRecord>,
    query: AuditQuery | undefined,
  ) => Promise<readonly AuditRecord[]>,
): Sabotage {
  return onStore((sound) => ({ listAudits: (query) => page((other) => sound.listAudits(other), query) }))
}

function isTimed({ from, to }: AuditRequest): boolean {
  return from !== undefined || to !== undefined
}

function isForward({ to, order }: AuditRequest): boolean {
  return to !== undefined && order === 'asc'
}

/** So many records are read, so many are left out. */
async function* byCount(sound: Store, query: AuditQuery): AsyncIterable<AuditRecord> {
  const { limit = 100 } = query
  for (let count = 0; ; count += limit) {
    const all: AuditRecord[] = []
    for await (const record of sound.readAudits({ ...query, limit: 1_000 })) {
      if (all.length === count + limit) break
      all.push(record)
    }
    yield* all.slice(count)
    if (all.length < count + limit) return
  }
}
