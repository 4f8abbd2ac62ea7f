import {
  type AuditPosition,
  type AuditQuery,
  type AuditRequest,
  GENESIS_HASH,
  linkHash,
  systemClock,
} from '@shepherd-store/core'
import {
  at,
  bothOf,
  isConditional,
  onContents,
  onDriver,
  onEachUnit,
  onOutcomes,
  onPages,
  onRequests,
  onResults,
  onStore,
  type Saboteur,
  writeOne,
} from './saboteur.ts'

/** Defects in the log: what it keeps, how it is read, what a verification of it is worth. */
export const auditSaboteurs: readonly Saboteur[] = [
  {
    name: 'page-with-its-start',
    plants: 'returns the record that a page was to begin after',
    caughtBy: 'audit-pages/list/after-before-order-and-limit',
    sabotage: onBounds((query) => (isPlace(query.after) ? { ...query, after: query.after - 1 } : query)),
  },
  {
    name: 'page-with-its-end',
    plants: 'returns the record that a page was to end before',
    caughtBy: 'audit-pages/list/after-before-order-and-limit',
    sabotage: onBounds((query) => (isPlace(query.before) ? { ...query, before: query.before + 1 } : query)),
  },
  {
    name: 'page-with-one-more',
    plants: 'returns one record more than the limit',
    caughtBy: 'audit-pages/list/after-before-order-and-limit',
    sabotage: onAuditRequests((audits) => ({ ...audits, limit: audits.limit + 1 })),
  },
  {
    name: 'page-without-its-last',
    plants: 'loses the last record of a full page',
    caughtBy: 'audit-pages/read/each-record-exactly-once',
    sabotage: onResults((result, { audits }) => {
      const full = audits !== undefined && audits.limit > 1 && result.audits.length === audits.limit
      return full ? { ...result, audits: result.audits.slice(0, -1) } : result
    }),
  },
  {
    name: 'page-limit-clamped',
    plants: 'returns a smaller page than was asked for, instead of refusing the limit',
    caughtBy: 'numbers/limit/from-1-to-1000',
    sabotage: onStore((sound) => ({
      getRecentAudits: (limit) => sound.getRecentAudits(isTooLarge(limit) ? 1_000 : limit),
      listAudits: (query) => sound.listAudits(isTooLarge(query?.limit) ? { ...query, limit: 1_000 } : query),
    })),
  },
  {
    name: 'log-by-timestamp',
    plants: 'orders records by their timestamps, not by their places',
    caughtBy: 'audit/append/a-clock-that-steps-back-changes-no-order',
    sabotage: onPages((page, order) => {
      const direction = order === 'asc' ? 1 : -1
      return page.toSorted((a, b) => direction * (a.timestamp.getTime() - b.timestamp.getTime()))
    }),
  },
  {
    name: 'ties-oldest-first',
    plants: 'returns records of one millisecond oldest first, where the newest were to come first',
    caughtBy: 'audit/recent/newest-first-within-one-millisecond',
    sabotage: onPages((page, order) => {
      if (order === 'asc') return page
      const ties = Map.groupBy(page, ({ timestamp }) => timestamp.getTime())
      return page.map((record) => ties.get(record.timestamp.getTime())?.pop() ?? record)
    }),
  },
  {
    name: 'recent-oldest-first',
    plants: 'returns the recent records oldest first',
    caughtBy: 'audit/recent/newest-first',
    sabotage: onStore((sound) => ({
      getRecentAudits: async (limit) => (await sound.getRecentAudits(limit)).toReversed(),
    })),
  },
  {
    name: 'log-of-every-scope',
    plants: 'shows a scope the records of all others',
    caughtBy: 'audit/recent/of-the-own-scope-and-all-nodes',
    sabotage: onAuditRequests(({ scope: _, ...audits }) => audits),
  },
  {
    name: 'log-filter-ignored',
    plants: 'returns the records of every node when one was asked for',
    caughtBy: 'audit-pages/list/by-node-and-scope',
    sabotage: onAuditRequests(({ node: _, ...audits }) => audits),
  },
  {
    name: 'gap-after-a-refusal',
    plants: 'uses up an id for a commit that is refused',
    caughtBy: 'audit/append/no-gap-after-a-refusal',
    sabotage: onEachUnit(isConditional, async (sound, unit) => {
      const outcome = await writeOne(sound, unit)
      const [change] = unit.changes
      if (outcome.type === 'refused' && change?.table === 'audit') {
        // A record that no reader of the scope sees has the id.
        const burnt = { ...change, content: { ...change.content, scope: 'gaps' } }
        await writeOne(sound, { conditions: [], changes: [burnt] })
      }
      return outcome
    }),
  },
  {
    name: 'gap-in-the-log',
    plants: 'leaves out the id 3',
    caughtBy: 'audit/append/ids-without-gaps',
    sabotage: onDriver((sound) => {
      const shown = <T extends AuditPosition>(row: T): T => (row.id < 3 ? row : { ...row, id: row.id + 1 })
      const kept = (id: number): number => (id > 3 ? id - 1 : id)
      return {
        async write(units) {
          const outcomes = await sound.write(units)
          return outcomes.map((outcome) =>
            outcome.type === 'applied' ? { ...outcome, audits: outcome.audits.map(shown) } : outcome,
          )
        },
        async read({ audits, ...request }) {
          const { after, before } = audits ?? {}
          const bounds = { ...(after && { after: kept(after) }), ...(before && { before: kept(before) }) }
          const result = await sound.read({ ...request, ...(audits && { audits: { ...audits, ...bounds } }) })
          return { ...result, audits: result.audits.map(shown) }
        },
      }
    }),
  },
  {
    name: 'hashes-not-chained',
    plants: 'makes the hash of a record without the hash of the one before',
    caughtBy: 'audit-chain/hash/follows-the-documented-rule',
    sabotage: bothOf(
      onOutcomes((outcome, { changes }) => {
        if (outcome.type !== 'applied') return outcome
        const contents = changes.flatMap((change) => (change.table === 'audit' ? [change.content] : []))
        return { ...outcome, audits: outcome.audits.map(({ id }, index) => unchained({ id, ...at(contents, index) })) }
      }),
      onResults((result) => ({ ...result, audits: result.audits.map(unchained) })),
    ),
  },
  {
    name: 'verification-blind',
    plants: 'finds every log intact',
    caughtBy: 'audit-chain/verify/names-the-record-that-was-changed',
    sabotage: onStore((sound) => ({
      async verifyAudits(options) {
        const { firstBreak: _, ...verification } = await sound.verifyAudits(options)
        return { ...verification, intact: true }
      },
    })),
  },
  {
    name: 'verification-without-head',
    plants: 'verifies a log without a look at the expected head',
    caughtBy: 'audit-chain/verify/an-expected-head-with-another-hash-differs',
    sabotage: onStore((sound) => ({
      async verifyAudits(options) {
        const verification = await sound.verifyAudits(options)
        const problem = verification.firstBreak?.problem
        if (problem !== 'head_missing' && problem !== 'head_differs') return verification
        return { ...(await sound.verifyAudits()), tail: 'proven' }
      },
    })),
  },
  {
    name: 'verification-of-the-first-page',
    plants: 'verifies no more than the first page of the log',
    caughtBy: 'audit-chain/verify/more-than-one-page',
    sabotage: onAuditRequests((audits) =>
      audits.scope === undefined && audits.after !== undefined && audits.after >= 1_000
        ? { ...audits, before: 1 }
        : audits,
    ),
  },
  {
    name: 'timestamps-in-whole-seconds',
    plants: 'cuts timestamps to whole seconds',
    caughtBy: 'audit/append/takes-the-time-from-the-clock',
    sabotage: onContents((content) => ({
      ...content,
      timestamp: new Date(Math.floor(content.timestamp.getTime() / 1_000) * 1_000),
    })),
  },
  {
    name: 'timestamps-of-the-machine',
    plants: 'takes the time from the machine, not from the store’s clock',
    caughtBy: 'audit/append/takes-the-time-from-the-clock',
    sabotage: onContents((content) =>
      content.original === undefined ? { ...content, timestamp: systemClock.now() } : content,
    ),
  },
  {
    name: 'timestamps-never-back',
    plants: 'gives a record the time of the one before when the clock has stepped back',
    caughtBy: 'audit/append/a-clock-that-steps-back-changes-no-order',
    sabotage: onDriver((sound) => {
      let latest = new Date(0)
      const never = onContents((content) => {
        if (content.timestamp > latest) latest = content.timestamp
        return { ...content, timestamp: latest }
      })
      return never.driver?.(sound) ?? sound
    }),
  },
  {
    name: 'records-of-the-opened-node',
    plants: 'names another node in a record than the one that wrote it',
    caughtBy: 'audit/append/names-the-node-and-the-scope',
    sabotage: onContents((content) => ({ ...content, node: 'local' })),
  },
  {
    name: 'import-stamped-now',
    plants: 'gives an imported record the time of its import',
    caughtBy: 'audit/import/keeps-time-id-and-text',
    sabotage: onContents((content) =>
      content.original === undefined ? content : { ...content, timestamp: systemClock.now() },
    ),
  },
  {
    name: 'import-without-original',
    plants: 'forgets what an imported record was in its source',
    caughtBy: 'audit/import/keeps-time-id-and-text',
    sabotage: onContents(({ original: _, ...content }) => content),
  },
  {
    name: 'import-reformatted',
    plants: 'trims the text that an imported record had in its source',
    caughtBy: 'audit/import/any-text-comes-back',
    sabotage: onContents((content) => {
      const { original } = content
      return original === undefined ? content : { ...content, original: { ...original, event: original.event.trim() } }
    }),
  },
]

function unchained<T extends { readonly id: number; readonly digest: string }>(
  record: T,
): T & { readonly hash: string } {
  return { ...record, hash: linkHash(GENESIS_HASH, record.id, record.digest) }
}

/** The bounds of a page are others. Only of pages that are asked for one by one: a reader might never come to an end. */
function onBounds(defect: (query: AuditQuery) => AuditQuery): Saboteur['sabotage'] {
  return onStore((sound) => ({ listAudits: (query) => sound.listAudits(query && defect(query)) }))
}

/** A place in a log, with one before it and one behind it. */
function isPlace(id: number | undefined): id is number {
  return id !== undefined && Number.isSafeInteger(id) && id > 0 && id < Number.MAX_SAFE_INTEGER
}

function isTooLarge(limit: number | undefined): boolean {
  return limit !== undefined && Number.isSafeInteger(limit) && limit > 1_000
}

function onAuditRequests(defect: (audits: AuditRequest) => AuditRequest): Saboteur['sabotage'] {
  return onRequests(({ audits, ...request }) => ({ ...request, ...(audits && { audits: defect(audits) }) }))
}
