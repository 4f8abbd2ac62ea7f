import type { AuditRecord, Store } from '@shepherd-store/core'
import type { Journal } from './journal.ts'
import { amountMs, cooldownOf, DAY, isSession, PLAY_ENTRY, sessionIdOf, STEP_EVENT, WORK_ENTRY } from './work.ts'

/** What is left of the work, beside what was heard of it. Each problem is a sentence. */
export interface Verdict {
  readonly acknowledged: number
  readonly inDoubt: number
  readonly lost: readonly string[]
  readonly doubled: readonly string[]
  readonly untrue: readonly string[]
}

/**
 * What was acknowledged must be there, what is there must have been asked for, each once and whole: the log, usage,
 * cooldowns and sessions tell the same, the chain verifies, and a check finds nothing else.
 */
export async function judge(store: Store, journal: Journal): Promise<Verdict> {
  const [lost, doubled, untrue]: [string[], string[], string[]] = [[], [], []]
  const found = new Found()
  for await (const record of store.readAudits({ scope: 'all', limit: PAGE })) found.see(record)

  let [acknowledged, inDoubt] = [0, 0]
  for (const { writer, number, state } of journal) {
    const count = found.countOf(writer, number)
    if (state === 'acknowledged') acknowledged += 1
    if (state === 'in_doubt') inDoubt += 1
    if (state === 'acknowledged' && count === 0) lost.push(`step ${number} of ${writer} is gone`)
    if (state === 'not_applied' && count > 0) untrue.push(`step ${number} of ${writer} is there`)
    if (count > 1) doubled.push(`step ${number} of ${writer} is there ${count} times`)
  }
  for (const { writer, number } of found.commits())
    if (journal.stateOf(writer, number) === undefined) untrue.push(`nobody asked for step ${number} of ${writer}`)

  const isCounted = (what: string, is: number, due: number) => {
    if (is < due) lost.push(`${what} is ${is}, not ${due}`)
    if (is > due) doubled.push(`${what} is ${is}, not ${due}`)
  }
  isCounted('usage of commits', await store.getUsage(WORK_ENTRY, DAY), found.committedMs)
  const open = await store.listSessions({ open: true, scope: 'all' })
  const openMs = open.reduce((sum, { durationMs }) => sum + durationMs, 0)
  isCounted('usage of sessions', await store.getUsage(PLAY_ENTRY, DAY), found.playedMs + openMs)
  for (const [writer, number] of found.lastCommits) {
    const until = await store.getCooldownUntil(writer)
    if (until?.getTime() !== cooldownOf(number).getTime())
      lost.push(`the cooldown of ${writer} is ${until?.toISOString()}, and its last step ${number}`)
  }
  const { intact, firstBreak } = await store.verifyAudits()
  if (!intact) lost.push(`the log is broken: ${firstBreak?.message}`)
  const { problems } = await store.check()
  untrue.push(...problems.map(({ part, message }) => `the check found in ${part}: ${message}`))
  return { acknowledged, inDoubt, lost, doubled, untrue }
}

const PAGE = 1_000

/** What the log tells. */
class Found {
  readonly lastCommits = new Map<string, number>()
  committedMs = 0
  playedMs = 0
  readonly #commits = new Map<string, { readonly writer: string; readonly number: number; readonly count: number }>()
  readonly #sessions = new Map<string, number>()

  see({ event }: AuditRecord): void {
    if (event.type === 'session_ended') {
      this.#sessions.set(event.sessionId, (this.#sessions.get(event.sessionId) ?? 0) + 1)
      this.playedMs += event.durationMs
    }
    // Whoever was not told that a session has ended, counts on.
    if (event.type === 'session_time_added') this.playedMs += event.addedMs
    if (event.type !== 'other' || event.name !== STEP_EVENT) return
    const { writer, number } = event.data as { readonly writer: string; readonly number: number }
    const key = sessionIdOf(writer, number)
    this.#commits.set(key, { writer, number, count: (this.#commits.get(key)?.count ?? 0) + 1 })
    this.lastCommits.set(writer, number)
    this.committedMs += amountMs(number)
  }

  countOf(writer: string, number: number): number {
    const key = sessionIdOf(writer, number)
    return isSession(number) ? (this.#sessions.get(key) ?? 0) : (this.#commits.get(key)?.count ?? 0)
  }

  commits(): Iterable<{ readonly writer: string; readonly number: number }> {
    return this.#commits.values()
  }
}
