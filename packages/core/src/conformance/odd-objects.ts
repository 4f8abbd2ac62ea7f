/** An array whose own `map` and iterator pass over everything. */
export class Forgetful<T> extends Array<T> {
  override map<U>(): U[] {
    return []
  }

  override *[Symbol.iterator](): ArrayIterator<T> {
    // Nothing.
  }
}

export class OfNobody {
  get node(): string {
    return 'nobody'
  }
}

export class Started {
  readonly type = 'service_started'

  get entryId(): number {
    return 5
  }
}

export function revoked(target: object): object {
  const { proxy, revoke } = Proxy.revocable(target, {})
  revoke()
  return proxy
}

/** Every field of `good` as a getter that throws; where it has none, every field of the options of a write. */
export function throwing(good: object): object {
  const getter = {
    enumerable: true,
    get() {
      throw new RangeError('not today')
    },
  }
  const keys = Object.keys(good).length > 0 ? Object.keys(good) : ['scope', 'node', 'operationId', 'expectedHead']
  return Object.defineProperties({}, Object.fromEntries(keys.map((key) => [key, getter])))
}
