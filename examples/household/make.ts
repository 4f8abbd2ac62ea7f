import { addDays, type Day, parseDay } from '@shepherd-store/core'
import Database from 'better-sqlite3'

/**
 * Makes the database of an invented household at `path`, as the Rust crate would have written it: six weeks in Berlin
 * that end at `until`, in the middle of a session. The same `until` makes the same rows.
 *
 * It has what the crate's databases have: seconds cut off every session, a session that a power cut ended and nobody
 * booked, one that ended and was not booked as the disk was full, denials, warnings, cooldowns.
 * @throws Error when there is a database at `path` already.
 */
export function makeHousehold(path: string, { until }: { readonly until: Date }): void {
  const household = new Household(until.getTime())
  const today = localDay(until.getTime())
  for (let daysAgo = DAYS - 1; daysAgo >= 0; daysAgo -= 1) household.live(addDays(today, -daysAgo), daysAgo)

  const db = new Database(path)
  try {
    db.transaction(() => write(db, household))()
  } finally {
    db.close()
  }
}

function write(db: Database.Database, { log, usage, cooldowns, snapshot }: Household): void {
  db.exec(SCHEMA)
  const append = db.prepare('INSERT INTO audit_log (timestamp, event_json) VALUES (?, ?)')
  for (const { timestamp, event } of log) append.run(timestamp, JSON.stringify(event))
  const book = db.prepare('INSERT INTO usage VALUES (?, ?, ?)')
  for (const { entryId, day, secs } of usage.values()) book.run(entryId, day, BigInt(secs))
  const cool = db.prepare('INSERT INTO cooldowns VALUES (?, ?)')
  for (const [entryId, availableAt] of cooldowns) cool.run(entryId, availableAt)
  db.prepare('INSERT INTO snapshot VALUES (1, ?)').run(JSON.stringify(snapshot))
}

const DAYS = 42
const MINUTE_MS = 60_000

/** The tables, as the crate makes them. */
export const SCHEMA = `
  CREATE TABLE audit_log (id INTEGER PRIMARY KEY AUTOINCREMENT, timestamp TEXT NOT NULL, event_json TEXT NOT NULL);
  CREATE TABLE usage (
    entry_id TEXT NOT NULL, day TEXT NOT NULL, duration_secs INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (entry_id, day));
  CREATE TABLE cooldowns (entry_id TEXT PRIMARY KEY, until TEXT NOT NULL);
  CREATE TABLE snapshot (id INTEGER PRIMARY KEY CHECK (id = 1), snapshot_json TEXT NOT NULL);
  CREATE INDEX idx_audit_timestamp ON audit_log(timestamp);
  CREATE INDEX idx_usage_day ON usage(day);`

interface Entry {
  readonly id: string
  readonly label: string
  /** The longest session, in minutes; absent: without end. */
  readonly limit?: number
  /** Minutes a day. */
  readonly quota?: number
  readonly cooldown?: number
}

const ENTRIES = [
  { id: 'pebble-quest', label: 'Pebble Quest', limit: 30, quota: 60, cooldown: 15 },
  { id: 'moss-garden', label: 'Moss Garden 🌱', limit: 45, quota: 90 },
  { id: 'star-lathe', label: 'Star Lathe', limit: 25, quota: 50, cooldown: 10 },
  { id: 'lantern-radio', label: 'Lantern Radio' },
] as const satisfies readonly Entry[]

/** What happened on days that were not like others, by how many days before the last one. */
const POWER_CUT = 24
const FULL_DISK = 15
const BAD_CONFIG = 9
const GROUNDED = 4

interface StartedSession {
  readonly sessionId: string
  readonly deadlineMs: number | undefined
  /** As it is written; `null` without end. */
  readonly deadline: string | null
}

class Household {
  readonly log: { readonly timestamp: string; readonly event: object }[] = []
  readonly usage = new Map<string, { readonly entryId: string; readonly day: Day; secs: number }>()
  readonly cooldowns = new Map<string, string>()
  snapshot: object = {}
  readonly #untilMs: number
  readonly #random = randomFrom(20_261_025)
  readonly #availableAtMs = new Map<string, number>()

  constructor(untilMs: number) {
    this.#untilMs = untilMs
  }

  /** One day, from breakfast to bedtime; the last one ends at `until`. */
  live(day: Day, daysAgo: number): void {
    const weekend = [0, 6].includes(new Date(`${day}T12:00:00Z`).getUTCDay())
    const shell = this.#uuid()
    const lastMs = daysAgo === 0 ? this.#untilMs : instantAt(day, 21 * 60)
    let ms = Math.min(instantAt(day, (weekend ? 9 : 13) * 60 + this.#upTo(40)), lastMs - 90 * MINUTE_MS)
    this.#append(ms, { type: 'service_started' })
    this.#append((ms += 80), { type: 'policy_loaded', entry_count: ENTRIES.length })
    this.#append((ms += 12), { type: 'client_connected', client_id: shell, role: 'Shell', uid: 1000 })
    if (daysAgo === BAD_CONFIG) this.#append((ms += 9 * MINUTE_MS), { type: 'config_reloaded', success: false })

    const sessions = weekend ? 5 : 3
    for (let session = 1; session <= sessions; session += 1) {
      ms += (5 + this.#upTo(70)) * MINUTE_MS + this.#upTo(MINUTE_MS)
      if (ms > lastMs - 80 * MINUTE_MS) break
      const entry: Entry = ENTRIES[this.#upTo(ENTRIES.length)] ?? ENTRIES[0]
      if (ms < (this.#availableAtMs.get(entry.id) ?? 0) || this.#denied(entry, day, ms, daysAgo)) continue
      if (daysAgo === POWER_CUT) {
        this.#start(entry, day, ms)
        return
      }
      ms = this.#play(entry, day, ms, { booked: daysAgo !== FULL_DISK || session > 1 })
    }
    if (daysAgo === 0) return this.#playUntilNow(day)
    this.#append((ms = Math.max(ms + MINUTE_MS, lastMs)), { type: 'client_disconnected', client_id: shell })
    this.#append(ms + 40, { type: 'service_stopped' })
  }

  #denied(entry: Entry, day: Day, ms: number, daysAgo: number): boolean {
    const reasons: string[] = []
    const grounded = daysAgo === GROUNDED && entry.id === 'star-lathe'
    if (grounded) reasons.push('Disabled { reason: Some("Grounded: \\"homework\\"") }')
    const used = this.#usedSecs(entry, day)
    if (this.#leftMinutes(entry, day) < 1)
      reasons.push(`QuotaExhausted { used: ${used}s, quota: ${(entry.quota ?? 0) * 60}s }`)
    if (reasons.length === 0) return false
    this.#append(ms, { type: 'launch_denied', entry_id: entry.id, reasons })
    return true
  }

  #start(entry: Entry, day: Day, ms: number): StartedSession {
    const sessionId = this.#uuid()
    const minutes = Math.min(entry.limit ?? Number.POSITIVE_INFINITY, this.#leftMinutes(entry, day))
    const deadlineMs = Number.isFinite(minutes) ? ms + Math.floor(minutes * MINUTE_MS) : undefined
    const deadline = deadlineMs === undefined ? null : localText(deadlineMs, this.#nanos())
    this.#append(ms, {
      type: 'session_started',
      session_id: sessionId,
      entry_id: entry.id,
      label: entry.label,
      deadline,
    })
    return { sessionId, deadlineMs, deadline }
  }

  /** Plays, and returns when that ended. */
  #play(entry: Entry, day: Day, startMs: number, { booked }: { readonly booked: boolean }): number {
    const { sessionId, deadlineMs } = this.#start(entry, day, startMs)
    let endMs = startMs + (8 + this.#upTo(40)) * MINUTE_MS + this.#upTo(MINUTE_MS)
    let reason: object = this.#upTo(3) === 0 ? { type: 'process_exited', exit_code: 0 } : { type: 'user_stop' }
    if (deadlineMs !== undefined && endMs >= deadlineMs) {
      endMs = deadlineMs + this.#upTo(900)
      reason = { type: 'expired' }
      for (const secs of [300, 60]) {
        if (deadlineMs - secs * 1_000 > startMs) {
          this.#append(deadlineMs - secs * 1_000, {
            type: 'warning_issued',
            session_id: sessionId,
            threshold_seconds: secs,
          })
        }
      }
      if (this.#upTo(4) === 0) {
        endMs += 300_000
        const newDeadline = localText(deadlineMs + 300_000, this.#nanos())
        const extended = { type: 'session_extended', session_id: sessionId, extended_by: { secs: 300, nanos: 0 } }
        this.#append(deadlineMs - 20_000, { ...extended, new_deadline: newDeadline })
      }
    }
    const playedMs = endMs - startMs
    const duration = { secs: Math.floor(playedMs / 1_000), nanos: (playedMs % 1_000) * 1_000_000 + this.#nanos() }
    this.#append(endMs, { type: 'session_ended', session_id: sessionId, entry_id: entry.id, reason, duration })
    if (booked) this.#book(entry, localDay(endMs), duration.secs)
    if (entry.cooldown !== undefined) {
      const availableAtMs = endMs + entry.cooldown * MINUTE_MS
      this.#availableAtMs.set(entry.id, availableAtMs)
      this.cooldowns.set(entry.id, localText(availableAtMs, this.#nanos()))
    }
    return endMs
  }

  /** The session that runs when the snapshot is taken. */
  #playUntilNow(day: Day): void {
    const startMs = this.#untilMs - 12 * MINUTE_MS
    const entry = ENTRIES.find((candidate) => this.#leftMinutes(candidate, day) >= 20) ?? ENTRIES[3]
    const { sessionId, deadline } = this.#start(entry, day, startMs)
    this.snapshot = {
      timestamp: localText(this.#untilMs, 0),
      active_session: {
        session_id: sessionId,
        entry_id: entry.id,
        started_at: localText(startMs, 0),
        deadline,
        warnings_issued: [],
      },
    }
  }

  #book({ id: entryId }: Entry, day: Day, secs: number): void {
    const key = JSON.stringify([entryId, day])
    const booked = this.usage.get(key) ?? { entryId, day, secs: 0 }
    booked.secs += secs
    this.usage.set(key, booked)
  }

  #leftMinutes(entry: Entry, day: Day): number {
    return entry.quota === undefined ? Number.POSITIVE_INFINITY : entry.quota - this.#usedSecs(entry, day) / 60
  }

  #usedSecs({ id }: Entry, day: Day): number {
    return this.usage.get(JSON.stringify([id, day]))?.secs ?? 0
  }

  #append(ms: number, event: object): void {
    this.log.push({ timestamp: localText(ms, this.#nanos()), event })
  }

  /** A whole number from 0 to below `end`. */
  #upTo(end: number): number {
    return Math.floor(this.#random() * end)
  }

  /** What a clock shows below the millisecond. */
  #nanos(): number {
    return this.#upTo(1_000_000)
  }

  #uuid(): string {
    const digits = Array.from({ length: 32 }, () => this.#upTo(16).toString(16)).join('')
    return digits.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12})$/, '$1-$2-4$3-a$4-$5')
  }
}

/** As the crate writes an instant: the local time of Berlin, nine digits of a second, and the offset. */
function localText(ms: number, nanos: number): string {
  const offset = offsetAt(ms)
  const local = new Date(ms + offsetMs(offset)).toISOString().slice(0, -1)
  return `${local}${String(nanos).padStart(6, '0')}${offset}`
}

function localDay(ms: number): Day {
  return parseDay(localText(ms, 0).slice(0, 10))
}

/** The instant of a local time of day, which must not be near a change of the clock. */
function instantAt(day: Day, minutes: number): number {
  const asUtc = Date.parse(day) + minutes * MINUTE_MS
  return asUtc - offsetMs(offsetAt(asUtc))
}

const BERLIN = new Intl.DateTimeFormat('en', { timeZone: 'Europe/Berlin', timeZoneName: 'longOffset' })

/** `+01:00`, and in summer `+02:00`. */
function offsetAt(ms: number): string {
  const name = BERLIN.formatToParts(ms).find(({ type }) => type === 'timeZoneName')?.value
  return name?.replace('GMT', '') ?? '+00:00'
}

function offsetMs(offset: string): number {
  return Number(offset.slice(0, 3)) * 60 * MINUTE_MS
}

/** The same numbers from 0 to 1 for the same seed. Knuth's linear congruential generator, without its weak low bits. */
function randomFrom(seed: number): () => number {
  let state = BigInt(seed)
  return () => {
    state = (state * 6_364_136_223_846_793_005n + 1_442_695_040_888_963_407n) % 2n ** 64n
    return Number(state >> 32n) / 2 ** 32
  }
}
