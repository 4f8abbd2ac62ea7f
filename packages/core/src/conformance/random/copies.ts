/** A copy of everything that could be changed. Instances of classes other than `Date` stay what they are. */
export function copyOf(value: unknown): unknown {
  if (value instanceof Date) return new Date(value)
  if (Array.isArray(value)) return value.map(copyOf)
  if (!isPlain(value)) return value
  const copy = Object.create(Object.getPrototypeOf(value) as object | null) as object
  for (const [key, item] of Object.entries(value)) {
    // An assignment to `__proto__` would change the prototype.
    Object.defineProperty(copy, key, { value: copyOf(item), enumerable: true, writable: true, configurable: true })
  }
  return copy
}

/** Changes everything that can be changed in `value`. What is frozen stays. */
export function spoil(value: unknown): void {
  if (value instanceof Date) value.setTime(1)
  if (!Array.isArray(value) && !isPlain(value)) return
  for (const key of Object.keys(value)) {
    spoil(Reflect.get(value, key))
    Reflect.set(value, key, 'spoilt')
  }
  if (Array.isArray(value)) Reflect.set(value, 'length', 0)
}

export function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
