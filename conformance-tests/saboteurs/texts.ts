import type {
  DriverChange,
  DriverCondition,
  JsonValue,
  ReadRequest,
  StoreDriver,
  WriteUnit,
} from '@shepherd-store/core'
import { onContents, onDriver, onResults, type Saboteur } from './saboteur.ts'

/** Defects in how ids and texts are kept: two become one, or come back as others. */
export const textSaboteurs: readonly Saboteur[] = [
  {
    name: 'ids-folded',
    plants: 'takes entry ids for equal that differ in case',
    caughtBy: 'ids/entry/cooldowns-stay-apart',
    sabotage: onEntryIds((id) => id.toLowerCase()),
  },
  {
    name: 'ids-cut-at-255',
    plants: 'cuts entry ids after 255 characters',
    caughtBy: 'ids/entry/cooldowns-stay-apart',
    sabotage: onEntryIds((id) => id.slice(0, 255)),
  },
  {
    name: 'ids-trimmed',
    plants: 'drops blanks at the ends of entry ids',
    caughtBy: 'ids/entry/cooldowns-stay-apart',
    sabotage: onEntryIds((id) => id.trim()),
  },
  {
    name: 'ids-normalized',
    plants: 'takes entry ids for equal that are written with other code points (NFC)',
    caughtBy: 'ids/entry/cooldowns-stay-apart',
    sabotage: onEntryIds((id) => id.normalize('NFC')),
  },
  {
    name: 'ids-within-the-basic-plane',
    plants: 'takes all characters beyond U+FFFF in an entry id for one',
    caughtBy: 'ids/entry/cooldowns-stay-apart',
    sabotage: onEntryIds((id) => id.replaceAll(/[\u{10000}-\u{10ffff}]/gu, '\ufffd')),
  },
  {
    name: 'ids-as-patterns',
    plants: 'takes % and _ in the entry id of a cooldown that is asked for as any text and any character',
    caughtBy: 'ids/entry/cooldowns-stay-apart',
    sabotage: onDriver((sound) => ({
      async read(request) {
        const { scope, entryId } = request.cooldowns ?? {}
        if (scope === undefined || entryId === undefined) return sound.read(request)
        const result = await sound.read({ ...request, cooldowns: { scope } })
        const pattern = likePattern(entryId)
        return { ...result, cooldowns: result.cooldowns.filter((cooldown) => pattern.test(cooldown.entryId)) }
      },
    })),
  },
  {
    name: 'ids-as-object-keys',
    plants: 'loses the entry with the id __proto__',
    caughtBy: 'ids/entry/day-states-stay-apart',
    sabotage: onResults((result) => ({
      ...result,
      usage: result.usage.filter(({ entryId }) => entryId !== '__proto__'),
      cooldowns: result.cooldowns.filter(({ entryId }) => entryId !== '__proto__'),
    })),
  },
  {
    name: 'texts-cut-at-nul',
    plants: 'cuts texts in events at NUL',
    caughtBy: 'audit/append/text-keeps-every-character',
    sabotage: onEventTexts((text) => text.replace(/\0.*/s, '')),
  },
  {
    name: 'texts-within-the-basic-plane',
    plants: 'replaces characters beyond U+FFFF in events',
    caughtBy: 'audit/append/text-keeps-every-character',
    sabotage: onEventTexts((text) => text.replaceAll(/[\u{10000}-\u{10ffff}]/gu, '\ufffd')),
  },
  {
    name: 'texts-cut-at-1000',
    plants: 'cuts texts in events after 1,000 characters',
    caughtBy: 'audit/append/a-known-event-up-to-the-payload-limit',
    sabotage: onEventTexts((text) => text.slice(0, 1_000)),
  },
  {
    name: 'empty-texts-dropped',
    plants: 'leaves empty texts out of events',
    caughtBy: 'audit/append/text-keeps-every-character',
    sabotage: onContents((content) => {
      const withoutEmpty = (_: string, value: JsonValue): JsonValue | undefined => (value === '' ? undefined : value)
      return { ...content, text: JSON.stringify(JSON.parse(content.text, withoutEmpty)) }
    }),
  },
  {
    name: 'numbers-rounded',
    plants: 'keeps numbers in events with seven digits',
    caughtBy: 'audit/other/numbers-come-back-equal',
    sabotage: onContents((content) => {
      const rounded = (_: string, value: JsonValue): JsonValue =>
        typeof value === 'number' ? Number(value.toPrecision(7)) : value
      return { ...content, text: JSON.stringify(JSON.parse(content.text, rounded)) }
    }),
  },
  {
    name: 'other-events-emptied',
    plants: 'keeps the name of an event that it does not know, and drops its data',
    caughtBy: 'audit/other/data-comes-back-equal',
    sabotage: onContents((content) => {
      const { type, name } = JSON.parse(content.text) as { type: string; name?: string }
      return type === 'other' ? { ...content, text: JSON.stringify({ data: {}, name, type }) } : content
    }),
  },
]

/** What `LIKE` takes `id` for. */
function likePattern(id: string): RegExp {
  const parts = Array.from(id, (character) => {
    if (character === '%') return '.*'
    return character === '_' ? '.' : `\\u{${character.codePointAt(0)?.toString(16)}}`
  })
  return new RegExp(`^${parts.join('')}$`, 'su')
}

/** Entry ids are changed on the way in, in writes and reads alike. */
function onEntryIds(defect: (id: string) => string): Saboteur['sabotage'] {
  const inItem = <T extends object>(item: T): T =>
    'entryId' in item ? { ...item, entryId: defect(item.entryId as string) } : item
  const inUnit = (unit: WriteUnit): WriteUnit => ({
    ...unit,
    conditions: unit.conditions.map((condition): DriverCondition => inItem(condition)),
    changes: unit.changes.map((change): DriverChange => inItem(change)),
  })
  const inRequest = ({ usage, cooldowns, ...request }: ReadRequest): ReadRequest => ({
    ...request,
    ...(usage && { usage: inItem(usage) }),
    ...(cooldowns && { cooldowns: inItem(cooldowns) }),
  })
  return onDriver((sound: StoreDriver) => ({
    write: (units) => sound.write(units.map(inUnit)),
    read: (request) => sound.read(inRequest(request)),
  }))
}

/** The texts in an event's JSON are changed, but for its type. */
function onEventTexts(defect: (text: string) => string): Saboteur['sabotage'] {
  return onContents((content) => {
    const changed = (key: string, value: JsonValue): JsonValue =>
      typeof value === 'string' && key !== 'type' ? defect(value) : value
    return { ...content, text: JSON.stringify(JSON.parse(content.text, changed)) }
  })
}
