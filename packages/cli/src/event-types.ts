import type { ErasedEvent, KnownEvent, LogEvent } from '@shepherd-store/core'
import { isNear } from './spelling.ts'

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
  const near = known.filter((type) => isNear(plain, type))
  return near.length > 0 ? near : known.filter(isPart)
}

const PART_MIN = 4
