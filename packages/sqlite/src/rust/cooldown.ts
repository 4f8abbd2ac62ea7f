import { type EntryId, isStoreError } from '@shepherd-store/core'
import { parseTime, show, UnreadableRow } from './forms.ts'
import type { Obstacle } from './quarantine.ts'
import type { RowCounts } from './report.ts'
import type { ImportRun } from './run.ts'
import type { SourceRow } from './table-reader.ts'
import { reasonOf, together } from './writer.ts'

/**
 * Sets every cooldown, past ones too, unless a later one stands, or one that cannot be read. One that was cleared since
 * stays cleared, as long as operation ids are remembered: 30 days.
 */
export async function importCooldowns(run: ImportRun): Promise<RowCounts> {
  const counts = { imported: 0, alreadyThere: 0, unreadable: 0 }
  let found = 0
  for (const page of run.source.pages('cooldowns')) {
    const outcomes = await together(page.map(async (row) => ({ row, outcome: await importRow(run, row) })))
    for (const { row, outcome } of outcomes) {
      counts[outcome.type] += 1
      if (outcome.type === 'unreadable') await run.quarantine.refuse('cooldowns', row, outcome)
    }
    found += page.length
    run.step('cooldowns', found)
  }
  return { found, ...counts }
}

type Outcome = { readonly type: 'imported' | 'alreadyThere' } | ({ readonly type: 'unreadable' } & Obstacle)

async function importRow({ writer }: ImportRun, row: SourceRow): Promise<Outcome> {
  try {
    const { entryId, until } = cooldownOf(row)
    const change = { type: 'extend_cooldown', entryId, until } as const
    const refusal = await writer.refusal(change)
    if (refusal !== undefined) return { type: 'unreadable', problem: refusal, fault: 'row' }
    return await unlessUnreadable(async () => {
      const stands = await writer.view.getCooldownUntil(entryId)
      if (stands !== undefined && stands >= until) return { type: 'alreadyThere' }
      const operation = `cooldown of ${JSON.stringify(entryId)} until ${until.toISOString()}`
      const { repeated } = await writer.commit(operation, [change])
      return { type: repeated ? 'alreadyThere' : 'imported' }
    })
  } catch (error) {
    if (error instanceof UnreadableRow) return { type: 'unreadable', problem: error.message, fault: 'row' }
    throw error
  }
}

async function unlessUnreadable(extend: () => Promise<Outcome>): Promise<Outcome> {
  try {
    return await extend()
  } catch (error) {
    if (!isStoreError(error, 'MALFORMED')) throw error
    const problem = `which is later cannot be told, so the store's own stays: ${reasonOf(error)}`
    return { type: 'unreadable', problem, fault: 'store' }
  }
}

function cooldownOf({ cells, damage }: SourceRow): { readonly entryId: EntryId; readonly until: Date } {
  if (damage !== undefined) throw new UnreadableRow(damage)
  const entryId = cells.get('entry_id')
  if (typeof entryId !== 'string') throw new UnreadableRow(`entry_id is not text: ${show(entryId)}`)
  return { entryId, until: parseTime(cells.get('until'), 'until') }
}
