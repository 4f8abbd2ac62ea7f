import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type DriverChange, ERASED_TEXT, type LogChange, type OwnedStore } from '@shepherd-store/core'
import { onChanges, onDriver, onOutcomes, onResults, onStore, type Saboteur } from './saboteur.ts'

type OfLog<T extends LogChange['table']> = Extract<LogChange, { readonly table: T }>

/** Defects in what leaves the log, and in what is archived of it. */
const retentionSaboteurs: readonly Saboteur[] = [
  {
    name: 'retention-removes-nothing',
    plants: 'cuts the log, and keeps every record that it was cut behind',
    caughtBy: 'audit-retention/cut/at-the-start-of-a-calendar-day',
    sabotage: onLogChange('audit_removal', () => []),
  },
  {
    name: 'retention-keeps-one',
    plants: 'keeps the last record of each removal',
    caughtBy: 'audit-retention/faults/of-any-write-and-the-same-call-completes',
    sabotage: onLogChange('audit_removal', (change) => {
      const throughId = change.throughId - 1
      return throughId < change.firstId ? [] : { ...change, throughId }
    }),
  },
  {
    name: 'retention-without-a-record',
    plants: 'cuts the log, and does not tell so in it',
    caughtBy: 'audit-retention/cut/stands-in-the-log-and-the-chain-holds-over-it',
    sabotage: onResults((result) => ({
      ...result,
      audits: result.audits.map((row) => (row.type === 'records_archived' ? { ...row, type: 'other' } : row)),
    })),
  },
  {
    name: 'retention-one-record-further',
    plants: 'begins the log one record behind where it was cut',
    caughtBy: 'audit-retention/again/what-is-done-is-done-and-later-days-make-the-next-archive',
    throws: 'MALFORMED',
    sabotage: onResults((result, { audits }) => {
      const { start } = result.log ?? {}
      if (audits === undefined || start === undefined || start.id === 0) return result
      return { ...result, audits: result.audits.filter(({ id }) => id !== start.id + 1) }
    }),
  },
  {
    name: 'retention-before-its-archive',
    plants: 'loses the archives that it wrote, with what was removed for them',
    caughtBy: 'audit-retention/cut/everything-but-the-log-stays',
    sabotage: onRetention((directory) => {
      for (const name of readdirSync(directory)) rmSync(join(directory, name))
    }),
  },
  {
    name: 'retention-archive-spoiled',
    plants: 'leaves an archive with a byte that is another one',
    caughtBy: 'audit-retention/cut/at-the-start-of-a-calendar-day',
    sabotage: onRetention((directory) => {
      const file = join(directory, readdirSync(directory).find((name) => name.endsWith('.gz')) ?? '')
      const bytes = readFileSync(file)
      bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1
      writeFileSync(file, bytes)
    }),
  },
  {
    name: 'retention-dry-run-wet',
    plants: 'archives and removes although it was only asked what would go',
    caughtBy: 'audit-retention/dry-run/tells-and-changes-nothing',
    sabotage: onStore((sound) => ({
      applyRetention: (options) => sound.applyRetention({ ...options, dryRun: options.archiveTo === undefined }),
    })),
  },
  {
    name: 'retention-ends-a-cooldown',
    plants: 'ends a cooldown with the records that told of it',
    caughtBy: 'audit-retention/cut/everything-but-the-log-stays',
    sabotage: onStore((sound) => ({
      async applyRetention(options) {
        await sound.setCooldownUntil('minecraft', new Date(0))
        return sound.applyRetention(options)
      },
    })),
  },
  {
    name: 'log-that-begins-where-it-began',
    plants: 'tells of a log that was cut that it begins with its first record',
    caughtBy: 'audit-retention/cut/stands-in-the-log-and-the-chain-holds-over-it',
    sabotage: onResults((result) => {
      const { log } = result
      if (log === undefined || log.start.id === 0) return result
      return { ...result, log: { ...log, start: { id: 0, hash: '0'.repeat(64) } } }
    }),
  },
]

/** Defects in how a child is forgotten. */
const forgetSaboteurs: readonly Saboteur[] = [
  {
    name: 'forget-without-a-record',
    plants: 'forgets a scope, and does not tell so in the log',
    caughtBy: 'audit-forget/log/tells-that-something-was-and-not-what',
    sabotage: onResults((result) => ({
      ...result,
      audits: result.audits.map((row) =>
        row.type === 'scope_forgotten'
          ? { ...row, type: 'lamp', text: '{"data":{},"name":"lamp","type":"other"}' }
          : row,
      ),
    })),
  },
  {
    name: 'forget-rows-only',
    plants: 'forgets the rows of a scope, and erases nothing in the log',
    caughtBy: 'audit-forget/log/tells-that-something-was-and-not-what',
    sabotage: onLogChange('erasure', () => []),
  },
  {
    name: 'forget-another-record',
    plants: 'erases the record behind the one that was to be erased',
    caughtBy: 'audit-forget/log/tells-that-something-was-and-not-what',
    sabotage: onResults((result) => {
      const erased = new Set(result.audits.flatMap(({ id, type }) => (type === 'erased' ? [id] : [])))
      return {
        ...result,
        audits: result.audits.map((row) =>
          erased.has(row.id - 1) && row.type !== 'scope_forgotten'
            ? { ...row, type: 'erased', text: ERASED_TEXT, contentDigest: row.digest }
            : row,
        ),
      }
    }),
  },
  {
    name: 'forget-log-only',
    plants: 'erases what the log tells of a scope, and leaves its usage',
    caughtBy: 'audit-forget/rows/all-of-the-scope-and-no-others',
    sabotage: onStore((sound) => ({
      async forgetScope(scope, options) {
        const result = await sound.forgetScope(scope, options)
        await sound.view({ scope }).addUsage('minecraft', '2026-11-23', 1)
        return result
      },
    })),
  },
  {
    name: 'forget-with-a-digest-of-nothing',
    plants: 'puts another digest in the place of what it erases',
    caughtBy: 'audit-forget/again/a-scope-is-used-again-and-forgotten-again',
    sabotage: onLogChange('erasure', (change) => ({ ...change, contentDigest: 'ab'.repeat(32) })),
  },
  {
    name: 'forget-while-playing',
    plants: 'forgets a scope although a session of it is open',
    caughtBy: 'audit-forget/refused/while-a-session-is-open',
    sabotage: onOutcomes((outcome, { changes }) => {
      if (outcome.type !== 'failed' || !changes.some(({ table }) => table === 'forget')) return outcome
      return { type: 'applied', audits: [], usage: [], sessions: [] }
    }),
  },
  {
    name: 'erased-record-still-told',
    plants: 'erases a record, and is still able to tell of which entry it was',
    caughtBy: 'audit-forget/log/nothing-erased-is-found-by-what-it-told',
    sabotage: onDriver((sound) => ({
      async read(request) {
        const result = await sound.read(request)
        if (request.audits?.entryId === undefined) return result
        const { entryId: _, types: __, ...audits } = request.audits
        const all = await sound.read({ audits })
        return { ...result, audits: [...result.audits, ...all.audits.filter(({ type }) => type === 'erased')] }
      },
    })),
  },
]

/** Defects in exports and imports. */
const exportSaboteurs: readonly Saboteur[] = [
  {
    name: 'export-without-originals',
    plants: 'exports imported records without what they had in their source',
    caughtBy: 'audit-export/jsonl/comes-back-as-the-same-log',
    throws: 'MALFORMED',
    sabotage: onExport((line) => {
      const { original: _, ...rest } = JSON.parse(line) as Record<string, unknown>
      return `${JSON.stringify(rest)}\n`
    }),
  },
  {
    name: 'export-with-formulas',
    plants: 'exports text that a spreadsheet takes for a formula',
    caughtBy: 'audit-export/csv/no-cell-is-a-formula',
    sabotage: onStore((sound) => ({
      async *exportAudits(options) {
        for await (const line of sound.exportAudits(options)) {
          yield options.format === 'csv' ? line.replaceAll(",'=", ',=') : line
        }
      },
    })),
  },
  {
    name: 'import-of-everything',
    plants: 'takes up the lines that it can, and passes over those that it cannot',
    caughtBy: 'audit-import/damage/lines-removed-swapped-inserted-and-repeated',
    sabotage: onStore((sound) => ({
      importAudits: (source, options) =>
        sound.importAudits(source, options).catch(() => ({ imported: 0, present: 0, beforeStart: 0 })),
    })),
  },
]

export const logWorkSaboteurs: readonly Saboteur[] = [...retentionSaboteurs, ...forgetSaboteurs, ...exportSaboteurs]

/** One kind of what is done to the log is replaced before it is done. What nothing is left of is done by doing nothing. */
function onLogChange<T extends LogChange['table']>(
  table: T,
  defect: (change: OfLog<T>) => DriverChange | readonly DriverChange[],
) {
  return onChanges((change) => (change.table === table ? defect(change as OfLog<T>) : change))
}

/** Something is done to the archives behind each retention that made some. */
function onRetention(defect: (directory: string) => void) {
  return onStore((sound: OwnedStore) => ({
    async applyRetention(options) {
      const result = await sound.applyRetention(options)
      if (result.archives.length > 0 && options.archiveTo !== undefined) defect(options.archiveTo)
      return result
    },
  }))
}

function onExport(defect: (line: string) => string) {
  return onStore((sound: OwnedStore) => ({
    async *exportAudits(options) {
      for await (const line of sound.exportAudits(options)) yield options.format === 'jsonl' ? defect(line) : line
    },
  }))
}
