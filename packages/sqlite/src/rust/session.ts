import type { AuditEvent, SessionEndReason } from '@shepherd-store/core'
import type { StartedSession } from './event.ts'

/** The sessions of the log, as far as it has been read. */
export class SessionsSoFar {
  readonly #open = new Map<string, StartedSession>()
  readonly #labels = new Map<string, string>()
  readonly #ended = new Map<string, SessionEndReason>()

  see(event: AuditEvent, timestamp: Date): void {
    if (event.type === 'session_started') {
      const { sessionId, entryId, label } = event
      this.#open.set(sessionId, { sessionId, entryId, startedAt: timestamp })
      if (label !== undefined) this.#labels.set(sessionId, label)
    } else if (event.type === 'session_ended') {
      this.#open.delete(event.sessionId)
      this.#labels.delete(event.sessionId)
      this.#ended.set(event.sessionId, event.reason)
    }
  }

  /** The session with this id, while it has not ended. */
  open(sessionId: string): StartedSession | undefined {
    return this.#open.get(sessionId)
  }

  /** What its entry was called at its start. */
  labelOf(sessionId: string): string | undefined {
    return this.#labels.get(sessionId)
  }

  /** Why the session with this id ended; `undefined` when the log has no end of it. */
  endOf(sessionId: string): SessionEndReason | undefined {
    return this.#ended.get(sessionId)
  }

  withoutEnd(): readonly StartedSession[] {
    return [...this.#open.values()]
  }
}
