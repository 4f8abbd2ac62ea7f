/** What must not reach a terminal: control characters, line breaks, and what reorders the text beside it. */
const UNSAFE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu

const SHORT_ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/** `text` on one line, with everything in it to be seen: an escape character as `\x1b`, a line break as `\n`. */
export function visible(text: string): string {
  return text.replace(UNSAFE, (character) => SHORT_ESCAPES[character] ?? escaped(character))
}

function escaped(character: string): string {
  return character < '\u0100' ? `\\x${hex(character, 2)}` : `\\u${hex(character, 4)}`
}

function hex(character: string, digits: number): string {
  return character.charCodeAt(0).toString(16).padStart(digits, '0')
}

/** The same of text that is made of lines. */
export function visibleLines(text: string): string {
  return text.split(/\r?\n/).map(visible).join('\n')
}

/** JSON for any terminal. */
export function jsonText(data: object): string {
  return visibleJson(JSON.stringify(data, null, 2))
}

/** The same on one line. */
export function jsonLine(data: object): string {
  return visibleJson(JSON.stringify(data))
}

/** The same JSON, for any terminal: `JSON.stringify` leaves DEL, the C1 controls and what reorders text as they are. */
export function visibleJson(json: string): string {
  // A line break is none of a text's own: there it is escaped already.
  return json.replace(UNSAFE, (character) => (character === '\n' ? character : `\\u${hex(character, 4)}`))
}

/** `1 h 05 min`, `5 min 03 s`, `5 min`, `12 s`, `400 ms`: cut, not rounded, as a limit is not reached before it is. */
export function duration(ms: number): string {
  if (ms > 0 && ms < 1_000) return `${ms} ms`
  const seconds = Math.floor(ms / 1_000)
  const minutes = Math.floor(seconds / 60)
  if (minutes === 0) return `${seconds} s`
  if (minutes < 60) return `${minutes} min${rest(seconds % 60, 's')}`
  return `${number(Math.floor(minutes / 60))} h${rest(minutes % 60, 'min')}`
}

function rest(value: number, unit: string): string {
  return value === 0 ? '' : ` ${String(value).padStart(2, '0')} ${unit}`
}

/** How long before now: `12 s ago`; `12 s ahead` of what lies behind now, by a clock that goes before. */
export function ago(ms: number): string {
  if (Number.isNaN(ms)) return 'unreadable'
  return ms < 0 ? `${duration(-ms)} ahead` : `${duration(ms)} ago`
}

/** `2,240 records`, `1 record`. */
export function count(value: number, one: string, many = `${one}s`): string {
  return `${number(value)} ${value === 1 ? one : many}`
}

export function number(value: number): string {
  return value.toLocaleString('en')
}

/** `832 bytes`, `1.2 MB`: powers of 1,000. */
export function size(bytes: number): string {
  if (bytes < 1_000) return count(bytes, 'byte')
  const power = Math.min(Math.floor(Math.log10(bytes) / 3), UNITS.length)
  return `${(bytes / 1_000 ** power).toFixed(1)} ${UNITS[power - 1] ?? ''}`
}

const UNITS = ['kB', 'MB', 'GB', 'TB']

export type InstantFormat = (at: Date) => string

/** Instants as the clocks of the zone show them: `2026-11-24 16:05:03`. */
export function instantFormat(timeZone: string): InstantFormat {
  const format = new Intl.DateTimeFormat('en', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  })
  return (at) => {
    if (Number.isNaN(at.getTime())) return 'unreadable'
    const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, value]))
    const part = (type: Intl.DateTimeFormatPartTypes): string => parts.get(type) ?? ''
    return `${part('year')}-${part('month')}-${part('day')} ${part('hour')}:${part('minute')}:${part('second')}`
  }
}

/** The same, without the date where it is that of `reference`. */
export function beside(reference: Date, instant: InstantFormat): InstantFormat {
  const [date] = instant(reference).split(' ')
  return (at) => {
    const [itsDate, time] = instant(at).split(' ')
    return itsDate === date && time !== undefined ? time : instant(at)
  }
}
