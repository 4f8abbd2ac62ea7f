import type { ErasedEvent, KnownEvent, LogEvent } from '@shepherd-store/core'

const KNOWN_TYPES: Readonly<Record<(KnownEvent | LogEvent | ErasedEvent)['type'], true>> = {
  service_started: true,
  service_stopped: true,
  policy_loaded: true,
  config_reloaded: true,
  client_connected: true,
  client_disconnected: true,
  session_started: true,
  warning_issued: true,
  session_extended: true,
  session_ended: true,
  launch_denied: true,
  session_continued: true,
  session_time_added: true,
  clock_jumped: true,
  usage_adjusted: true,
  time_granted: true,
  cooldown_cleared: true,
  records_archived: true,
  scope_forgotten: true,
  erased: true,
}

/**
 * The known types that may be meant by a name that is none of them: a part of theirs, or spelled nearly so. Other services'
 * events have any name, so that it may be right all the same.
 */
export function typesLike(name: string): readonly string[] {
  if (Object.hasOwn(KNOWN_TYPES, name)) return []
  const plain = name.toLowerCase().replaceAll(/[ -]/g, '_')
  const isPart = (type: string): boolean => plain.length >= PART_MIN && type.includes(plain)
  const known = Object.keys(KNOWN_TYPES)
  const near = known.filter((type) => edits(plain, type) <= EDITS_MAX)
  return near.length > 0 ? near : known.filter(isPart)
}

const EDITS_MAX = 2
const PART_MIN = 4

/** How many letters must be put in, left out, replaced or swapped with the next one to make `b` of `a`. */
function edits(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > EDITS_MAX) return Infinity
  let [beforeLast, last]: [readonly number[], readonly number[]] = [
    [],
    Array.from({ length: b.length + 1 }, (_, j) => j),
  ]
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      row.push(
        Math.min(
          (last[j] ?? Infinity) + 1,
          (row[j - 1] ?? Infinity) + 1,
          (last[j - 1] ?? Infinity) + same,
          swapped ? (beforeLast[j - 2] ?? Infinity) + 1 : Infinity,
        ),
      )
    }
    beforeLast = last
    last = row
  }
  return last[b.length] ?? Infinity
}
