import { type Applied, type AuditEvent, type AuditRecord, type Correction, StoreError } from '@shepherd-store/core'
import type { Command } from 'commander'
import { instantFormat } from './format.ts'
import type { Block } from './output.ts'
import type { GlobalFlags } from './shell.ts'
import type { Environment } from './where.ts'

/** The flags of what a person decides: the log keeps who and why. */
export interface CorrectionFlags extends GlobalFlags {
  readonly why: string
  readonly by?: string
  readonly operationId?: string
}

export function addCorrectionOptions(command: Command, { operationId = true } = {}): Command {
  command
    .requiredOption('--why <text>', 'the reason, which the log keeps')
    .option('--by <who>', 'who decided it (default: the user of this session, $USER or $LOGNAME)')
  if (!operationId) return command
  return command.option('--operation-id <id>', 'names this decision: given again with the same id, it is done once')
}

/** @throws StoreError `INVALID_ARGUMENT` when nobody is named. */
export function correctionOf(
  { why, by, operationId }: CorrectionFlags,
  env: Environment,
): Correction & { readonly operationId: string | undefined } {
  // An empty name that was given is the store's to refuse.
  const who = by ?? (env['USER'] || env['LOGNAME'])
  if (who !== undefined && (who !== '' || by !== undefined)) return { by: who, why, operationId }
  throw new StoreError('INVALID_ARGUMENT', 'say with --by who decided it: the environment names no user')
}

/** What the log now has of a correction. */
export interface Recorded<T extends AuditEvent['type']> {
  readonly record: AuditRecord
  readonly event: Extract<AuditEvent, { readonly type: T }>
}

/** The one record of a correction, which tells what it did. @throws StoreError `MALFORMED` when it cannot be read. */
export function recorded<T extends AuditEvent['type']>({ audits }: Applied, type: T): Recorded<T> {
  const isOfType = (event: AuditRecord['event']): event is Recorded<T>['event'] => event.type === type
  const [record] = audits
  if (record !== undefined && isOfType(record.event)) return { record, event: record.event }
  throw new StoreError('MALFORMED', 'it is done, but its record in the log cannot be read; see shepherd-store verify')
}

/** What stands above the text of a decision that was made before. */
export function repeatedText(
  { repeated }: Applied,
  { id, timestamp }: AuditRecord,
  timeZone: string,
): readonly Block[] {
  const before = `This was done before, by record ${id} of ${instantFormat(timeZone)(timestamp)}; nothing was changed now.`
  return repeated ? [{ text: before, style: 'yellow' }] : []
}
