import { anyObject, type Legal, legalObject, refuse } from './values.ts'

/** What each field may hold. A field that is named here and missing is passed as `undefined`. */
export type Fields = Readonly<Record<string, Legal<unknown>>>

/** The fields of each case of a union, by its `type`. */
export function legalCase(cases: Readonly<Record<string, Fields>>): Legal<object> {
  return (value) => {
    const { type, ...rest } = anyObject(value)
    const fields = typeof type === 'string' && Object.hasOwn(cases, type) ? cases[type] : undefined
    return fields === undefined ? refuse() : { type, ...legalFields(fields, rest) }
  }
}

/** Each field is legal; those that are `undefined` are left out. */
export function legalFields(fields: Fields, value: unknown): object {
  const given = legalObject(value, Object.keys(fields))
  return present(Object.fromEntries(Object.entries(fields).map(([key, legal]) => [key, legal(given[key])])))
}

/** Without the fields that are `undefined`. */
export function present<T extends object>(object: T): Present<T> {
  return Object.fromEntries(Object.entries(object).filter(([, field]) => field !== undefined)) as Present<T>
}

type Present<T> = { readonly [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  readonly [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>
}

/** Leaving it out means `usual`. */
export function orElse<T>(legal: Legal<T>, usual: T): Legal<T> {
  return (value) => (value === undefined ? usual : legal(value))
}
