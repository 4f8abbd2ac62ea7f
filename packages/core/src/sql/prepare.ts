import type { Compilable } from 'kysely'
import type { SqlValue, Statement } from './program.ts'

/** Stands for a value that is not known yet. Kysely takes it for a parameter. */
class Slot {
  readonly name: string

  constructor(name: string) {
    this.name = name
  }
}

/**
 * Builds and compiles a query once, with named slots in place of its parameters; each call fills them in.
 * `const usage = prepare(({ day }: { day: string }) => db.selectFrom('usage').selectAll().where('day', '=', day))`
 */
export function prepare<S extends Readonly<Record<string, SqlValue>>, R>(
  build: (slots: S) => Compilable<R>,
): (slots: S) => Statement<R> {
  const names: Readonly<Record<string, Slot>> = new Proxy({}, { get: (_, name) => new Slot(String(name)) })
  const { sql, parameters } = build(names as unknown as S).compile()
  return (slots) => ({
    sql,
    parameters: parameters.map((parameter) =>
      parameter instanceof Slot ? filled(slots, parameter.name) : (parameter as SqlValue),
    ),
  })
}

function filled(slots: Readonly<Record<string, SqlValue>>, name: string): SqlValue {
  const value = slots[name]
  if (value !== undefined) return value
  throw new TypeError(`the statement needs ${name}, and was not given it`)
}

/** A statement that runs once in the life of a database, such as a table's definition. */
export function once(query: Compilable): Statement {
  const { sql, parameters } = query.compile()
  return { sql, parameters: parameters as readonly SqlValue[], once: true }
}
