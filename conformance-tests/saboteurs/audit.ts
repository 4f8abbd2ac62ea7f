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
  onContents,
  onDriver,
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
    sabotage: onBounds(({ after, ...query }) => ({
      ...query,
      after: typeof after === 'number' && after > 0 ? after - 1 : after,
    })),
  },
  {
    name: 'page-with-its-end',
    plants: 'returns the record that a page was to end before',
    sabotage: onBounds(({ before, ...query }) => ({
      ...query,
      before: typeof before === 'number' && before > 0 ? before + 1 : before,
    })),
  },
  {
    name: 'page-with-one-more',
    plants: 'returns one record more than the limit',
    sabotage: onAuditRequests((audits) => ({ ...audits, limit: audits.limit + 1 })),
  },
  {
    name: 'page-without-its-last',
    plants: 'loses the last record of a full page',
    sabotage: onResults((result, { audits }) => {
      const full = audits !== undefined && audits.limit > 1 && result.audits.length === audits.limit
      return full ? { ...result, audits: result.audits.slice(0, -1) } : result
    }),
  },
  {
    name: 'page-limit-clamped',
    plants: 'returns a smaller page than was asked for, instead of refusing the limit',
    sabotage: onStore((sound) => ({
      getRecentAudits: (limit) => sound.getRecentAudits(Math.min(limit, 1_000)),
      listAudits: (query) =>
        sound.listAudits(query?.limit === undefined ? query : { ...query, limit: Math.min(query.limit, 1_000) }),
    })),
  },
  {
    name: 'log-by-timestamp',
    plants: 'orders records by their timestamps, not by their places',
    sabotage: onPages((page, order) => {
      const sorted = page.toSorted((a, b) => a.timestamp.getTime() - b.timestamp.getTime())
      return order === 'asc' ? sorted : sorted.toReversed()
    }),
  },
  {
    name: 'ties-oldest-first',
    plants: 'returns records of one millisecond oldest first, where the newest were to come first',
    sabotage: onPages((page, order) =>
      order === 'asc' ? page : page.toReversed().toSorted((a, b) => b.timestamp.getTime() - a.timestamp.getTime()),
    ),
  },
  {
    name: 'recent-oldest-first',
    plants: 'returns the recent records oldest first',
    sabotage: onStore((sound) => ({
      getRecentAudits: async (limit) => (await sound.getRecentAudits(limit)).toReversed(),
    })),
  },
  {
    name: 'log-of-every-scope',
    plants: 'shows a scope the records of all others',
    sabotage: onAuditRequests(({ scope: _, ...audits }) => audits),
  },
  {
    name: 'log-filter-ignored',
    plants: 'returns the records of every node when one was asked for',
    sabotage: onAuditRequests(({ node: _, ...audits }) => audits),
  },
  {
    name: 'gap-after-a-refusal',
    plants: 'uses up an id for a commit that is refused',
    sabotage: onDriver((sound) => ({
      async write(units) {
        const outcomes = await sound.write(units)
        for (const [index, { changes }] of units.entries()) {
          const [change] = changes
          if (outcomes[index]?.type !== 'refused' || change?.table !== 'audit') continue
          const burnt = { ...change, content: { ...change.content, scope: 'gaps' } }
          await writeOne(sound, { conditions: [], changes: [burnt] })
        }
        return outcomes
      },
    })),
  },
  {
    name: 'gap-in-the-log',
    plants: 'leaves out the id 3',
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
    sabotage: onStore((sound) => ({
      async verifyAudits(options) {
        const verification = await sound.verifyAudits()
        return options?.expectedHead === undefined ? verification : { ...verification, tail: 'proven' as const }
      },
    })),
  },
  {
    name: 'verification-of-the-first-page',
    plants: 'verifies no more than the first page of the log',
    sabotage: onAuditRequests((audits) =>
      audits.scope === undefined && audits.after !== undefined && audits.after >= 1_000
        ? { ...audits, before: 1 }
        : audits,
    ),
  },
  {
    name: 'timestamps-in-whole-seconds',
    plants: 'cuts timestamps to whole seconds',
    sabotage: onContents((content) => ({
      ...content,
      timestamp: new Date(Math.floor(content.timestamp.getTime() / 1_000) * 1_000),
    })),
  },
  {
    name: 'timestamps-of-the-machine',
    plants: 'takes the time from the machine, not from the store’s clock',
    sabotage: onContents((content) =>
      content.original === undefined ? { ...content, timestamp: systemClock.now() } : content,
    ),
  },
  {
    name: 'timestamps-never-back',
    plants: 'gives a record the time of the one before when the clock has stepped back',
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
    sabotage: onContents((content) => ({ ...content, node: 'local' })),
  },
  {
    name: 'import-stamped-now',
    plants: 'gives an imported record the time of its import',
    sabotage: onContents((content) =>
      content.original === undefined ? content : { ...content, timestamp: systemClock.now() },
    ),
  },
  {
    name: 'import-without-original',
    plants: 'forgets what an imported record was in its source',
    sabotage: onContents(({ original: _, ...content }) => content),
  },
  {
    name: 'import-reformatted',
    plants: 'trims the text that an imported record had in its source',
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

function onBounds(defect: (query: AuditQuery) => AuditQuery): Saboteur['sabotage'] {
  return onStore((sound) => ({ listAudits: (query) => sound.listAudits(query && defect(query)) }))
}

function onAuditRequests(defect: (audits: AuditRequest) => AuditRequest): Saboteur['sabotage'] {
  return onRequests(({ audits, ...request }) => ({ ...request, ...(audits && { audits: defect(audits) }) }))
}
