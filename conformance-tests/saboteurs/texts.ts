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
    sabotage: onEntryIds((id) => id.toLowerCase()),
  },
  {
    name: 'ids-cut-at-255',
    plants: 'cuts entry ids after 255 characters',
    sabotage: onEntryIds((id) => id.slice(0, 255)),
  },
  {
    name: 'ids-trimmed',
    plants: 'drops blanks at the ends of entry ids',
    sabotage: onEntryIds((id) => id.trim()),
  },
  {
    name: 'ids-normalized',
    plants: 'takes entry ids for equal that are written with other code points (NFC)',
    sabotage: onEntryIds((id) => id.normalize('NFC')),
  },
  {
    name: 'ids-within-the-basic-plane',
    plants: 'takes all characters beyond U+FFFF in an entry id for one',
    sabotage: onEntryIds((id) => id.replaceAll(/[\u{10000}-\u{10ffff}]/gu, '\ufffd')),
  },
  {
    name: 'ids-as-patterns',
    plants: 'takes % and _ in an entry id for any text and any character',
    sabotage: onResults((result, { usage, cooldowns }) => {
      // As far as a proxy can: such an id is not found itself.
      const isPattern = /[%_]/.test(usage?.entryId ?? cooldowns?.entryId ?? '')
      return isPattern ? { ...result, usage: [], cooldowns: [] } : result
    }),
  },
  {
    name: 'ids-as-object-keys',
    plants: 'loses the entry with the id __proto__',
    sabotage: onResults((result) => ({
      ...result,
      usage: result.usage.filter(({ entryId }) => entryId !== '__proto__'),
      cooldowns: result.cooldowns.filter(({ entryId }) => entryId !== '__proto__'),
    })),
  },
  {
    name: 'texts-cut-at-nul',
    plants: 'cuts texts in events at NUL',
    sabotage: onEventTexts((text) => text.replace(/\0.*/s, '')),
  },
  {
    name: 'texts-within-the-basic-plane',
    plants: 'replaces characters beyond U+FFFF in events',
    sabotage: onEventTexts((text) => text.replaceAll(/[\u{10000}-\u{10ffff}]/gu, '\ufffd')),
  },
  {
    name: 'texts-cut-at-1000',
    plants: 'cuts texts in events after 1,000 characters',
    sabotage: onEventTexts((text) => text.slice(0, 1_000)),
  },
  {
    name: 'empty-texts-dropped',
    plants: 'leaves empty texts out of events',
    sabotage: onContents((content) => {
      const withoutEmpty = (_: string, value: JsonValue): JsonValue | undefined => (value === '' ? undefined : value)
      return { ...content, text: JSON.stringify(JSON.parse(content.text, withoutEmpty)) }
    }),
  },
  {
    name: 'numbers-rounded',
    plants: 'keeps numbers in events with seven digits',
    sabotage: onContents((content) => {
      const rounded = (_: string, value: JsonValue): JsonValue =>
        typeof value === 'number' ? Number(value.toPrecision(7)) : value
      return { ...content, text: JSON.stringify(JSON.parse(content.text, rounded)) }
    }),
  },
  {
    name: 'other-events-emptied',
    plants: 'keeps the name of an event that it does not know, and drops its data',
    sabotage: onContents((content) => {
      const { type, name } = JSON.parse(content.text) as { type: string; name?: string }
      return type === 'other' ? { ...content, text: JSON.stringify({ data: {}, name, type }) } : content
    }),
  },
]

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
