import type { AuditEvent } from '@shepherd-store/core'
import type { StartedSession } from './event.ts'

/** The sessions of the log, as far as it has been read. */
export class SessionsSoFar {
  readonly #open = new Map<string, StartedSession>()
  readonly #ended = new Set<string>()

  see(event: AuditEvent, timestamp: Date): void {
    if (event.type === 'session_started') {
      const { sessionId, entryId } = event
      this.#open.set(sessionId, { sessionId, entryId, startedAt: timestamp })
    } else if (event.type === 'session_ended') {
      this.#open.delete(event.sessionId)
      this.#ended.add(event.sessionId)
    }
  }

  /** The session with this id, while it has not ended. */
  open(sessionId: string): StartedSession | undefined {
    return this.#open.get(sessionId)
  }

  hasEnded(sessionId: string): boolean {
    return this.#ended.has(sessionId)
  }

  withoutEnd(): readonly StartedSession[] {
    return [...this.#open.values()]
  }
}
