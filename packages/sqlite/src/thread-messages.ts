import {
  type AuditContent,
  type AuditPosition,
  type AuditRow,
  type CheckPlace,
  type CheckStep,
  type DriverStatus,
  type Outcome,
  StoreError,
  type StoreErrorCode,
  type WriteOutcome,
  type WriteUnit,
} from '@shepherd-store/core'
import type { MigrateOptions } from '@shepherd-store/core/sql'
import { codeOf, toStoreError } from './errors.ts'
import type { Place } from './place.ts'

/** What the thread is asked for: `open` first, `close` last. */
export interface ThreadCalls {
  /** Brings the file up to date, if it is not. */
  open(place: Place, options: MigrateOptions): void
  write(units: readonly WriteUnit[]): readonly SentOutcome[]
  probe(): DriverStatus
  /** A step of a check, through a connection of its own: whatever else is open stays so. */
  check(place: Place, step: CheckPlace | undefined): CheckStep
  compact(): void
  close(): void
}

export type ThreadRequest = {
  readonly [N in keyof ThreadCalls]: {
    readonly id: number
    readonly call: N
    readonly arguments: Parameters<ThreadCalls[N]>
  }
}[keyof ThreadCalls]

export type ThreadReply = { readonly id: number } & ({ readonly value: unknown } | { readonly failure: SentError })

/** A `StoreError` on its way between two threads, which would lose its class and its fields. */
export interface SentError {
  readonly code: StoreErrorCode
  readonly message: string
  readonly outcome: Outcome
  readonly retryable: boolean
  readonly operation: string | undefined
  readonly cause: SentCause | undefined
}

interface SentCause {
  readonly name: string
  readonly message: string
  readonly code: string
  readonly cause: SentCause | undefined
}

export function sentError(error: unknown): SentError {
  const { code, message, outcome, retryable, operation, cause } = toStoreError(error, 'unknown')
  return { code, message, outcome, retryable, operation, cause: sentCause(cause) }
}

export function receivedError({ code, message, outcome, retryable, operation, cause }: SentError): StoreError {
  return new StoreError(code, message, { outcome, retryable, operation, cause: receivedCause(cause) })
}

/** Causes of causes that are told. */
const CAUSES_MAX = 8

function sentCause(error: unknown, left = CAUSES_MAX): SentCause | undefined {
  if (!(error instanceof Error) || left === 0) return undefined
  const { name, message, cause } = error
  return { name, message, code: codeOf(error), cause: sentCause(cause, left - 1) }
}

function receivedCause(sent: SentCause | undefined): Error | undefined {
  if (sent === undefined) return undefined
  const { name, message, code } = sent
  const cause = receivedCause(sent.cause)
  return Object.assign(new Error(message, cause && { cause }), { name, code })
}

type Applied = Extract<WriteOutcome, { type: 'applied' }>

/** Records that the other side has, as it asked for them, are told by their places. */
type SentOutcome =
  | Exclude<WriteOutcome, { type: 'applied' | 'failed' }>
  | (Omit<Applied, 'audits'> & {
      readonly audits: readonly AuditRow[] | { readonly asAsked: readonly AuditPosition[] }
    })
  | { readonly type: 'failed'; readonly error: SentError }

export function sentOutcomes(units: readonly WriteUnit[], outcomes: readonly WriteOutcome[]): readonly SentOutcome[] {
  return outcomes.map((outcome, index) => {
    if (outcome.type === 'failed') return { type: 'failed', error: sentError(outcome.error) }
    if (outcome.type !== 'applied') return outcome
    const { audits } = outcome
    const asked = contentsOf(units[index])
    const areAsAsked =
      asked.length === audits.length && asked.every(({ digest }, place) => digest === audits[place]?.digest)
    return areAsAsked ? { ...outcome, audits: { asAsked: audits.map(({ id, hash }) => ({ id, hash })) } } : outcome
  })
}

export function receivedOutcomes(
  units: readonly WriteUnit[],
  outcomes: readonly SentOutcome[],
): readonly WriteOutcome[] {
  return outcomes.map((outcome, index) => {
    if (outcome.type === 'failed') return { type: 'failed', error: receivedError(outcome.error) }
    if (outcome.type !== 'applied') return outcome
    const { audits } = outcome
    if (!('asAsked' in audits)) return { ...outcome, audits }
    const asked = contentsOf(units[index])
    return { ...outcome, audits: audits.asAsked.flatMap((position, place) => rowOf(asked[place], position)) }
  })
}

/** The records that a unit appends as they stand in it. */
function contentsOf(unit: WriteUnit | undefined): readonly AuditContent[] {
  return unit?.changes.flatMap((change) => (change.table === 'audit' ? [change.content] : [])) ?? []
}

function rowOf(content: AuditContent | undefined, position: AuditPosition): readonly AuditRow[] {
  return content === undefined ? [] : [{ ...content, ...position }]
}
