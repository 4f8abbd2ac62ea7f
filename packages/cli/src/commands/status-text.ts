import type { DriverStatus, SavedSnapshot, SessionRecord } from '@shepherd-store/core'
import { isSkewed, skewText } from '../clock-skew.ts'
import { ago, count, duration, type InstantFormat, instantFormat, number, size } from '../format.ts'
import { type Block, type Cell, facts } from '../output.ts'
import { SILENT_MS, type Silence } from '../silence.ts'
import type { Contents, StatusData } from './status-data.ts'

export function statusText(data: StatusData, silence: Silence | undefined): readonly Block[] {
  const { healthy, problems, where, database, clockSkewMs = 0, capabilities, calendar } = data
  const { node, scope, today, contents } = data
  const durable = capabilities.durability === 'power_loss'
  const instant = instantFormat(calendar.timeZone)
  const table = facts([
    [
      'Health',
      healthy ? { text: 'healthy', style: 'green' } : { text: count(problems.length, 'problem'), style: 'red' },
    ],
    ['Database', where],
    ['Backend', database === undefined ? 'no answer' : backendText(database)],
    ...(isSkewed(clockSkewMs)
      ? [
          [
            'Clock',
            { text: `${skewText(clockSkewMs)}${clockSkewMs > 0 ? ' of' : ''} the database's`, style: 'yellow' },
          ] as const,
        ]
      : []),
    ['Durable', durable ? 'yes: what was acknowledged outlives a power cut' : 'no: it is gone when the process ends'],
    ['Days', `of ${calendar.timeZone}, from ${calendar.dayStart} on; today is ${today}`],
    ['Node', `${node}, scope ${scope}`],
    ...(contents === undefined ? [] : contentsText(contents, instant)),
  ])
  return [
    table,
    ...silentText(contents?.silentSessions ?? [], silence).map((text): Block => ({ text, style: 'yellow' })),
    ...problems.map(({ code, message, since }): Block => {
      const when = since === undefined ? '' : `, since ${instant(since)}`
      return { text: `${code}${when}: ${message}`, style: 'red' }
    }),
  ]
}

function backendText({ backend, version, schemaVersion, sizeBytes }: DriverStatus): string {
  return `${backend} ${version}, schema ${schemaVersion}${sizeBytes === undefined ? '' : `, ${size(sizeBytes)}`}`
}

type Fact = readonly [name: string, value: Cell]

function contentsText(contents: Contents, instant: InstantFormat): readonly Fact[] {
  const { records, head, entriesToday, usedTodayMs, grantedToday, cooldownsRunning, snapshot } = contents
  return [
    ['Log', count(records, 'record') + (head === undefined ? '' : `, the last of ${instant(head.timestamp)}`)],
    [
      'Today',
      entriesToday === 0
        ? 'nothing used'
        : `${count(entriesToday, 'entry', 'entries')} used for ${duration(usedTodayMs)}`,
    ],
    ...grantedToday.map(({ entryId, grantedMs, usedMs }, index): Fact => {
      const used = usedMs === 0 ? 'not used' : `used for ${duration(usedMs)}`
      return [index === 0 ? 'Extra time' : '', `${duration(grantedMs)} for ${entryId}, ${used}`]
    }),
    ['Cooldowns', `${number(cooldownsRunning)} running`],
    ['Sessions', `${number(contents.openSessions)} open in all scopes`],
    ['Snapshot', snapshot === undefined ? 'none' : snapshotText(snapshot, instant)],
  ]
}

function snapshotText({ snapshot, revision }: SavedSnapshot, instant: InstantFormat): string {
  const { timestamp, activeSession } = snapshot
  const session = activeSession === undefined ? 'no session' : `a session of ${activeSession.entryId}`
  return `revision ${number(revision)} of ${instant(timestamp)}, ${session}`
}

const SILENT_SHOWN_MAX = 5

/** What may be of a machine that is gone, the longest silence first, and what to do about it. */
function silentText(sessions: readonly SessionRecord[], silence: Silence | undefined): readonly string[] {
  if (silence === undefined || sessions.length === 0) return []
  const ordered = sessions.toSorted((a, b) => silence.ofMs(b) - silence.ofMs(a))
  const named = ordered.slice(0, SILENT_SHOWN_MAX).map((session) => {
    return `${session.entryId} on ${session.node} (${ago(silence.ofMs(session))})`
  })
  const hidden = sessions.length - named.length
  const more = hidden === 0 ? [] : [`${number(hidden)} more; see shepherd-store sessions --open --all-scopes`]
  return [
    `Not heard of for ${duration(SILENT_MS)} or more: ${[...named, ...more].join(', ')}.`,
    'If a machine is gone, end its session: shepherd-store sessions recover --node NAME',
  ]
}
