import { type Compilable, type RawBuilder, sql } from 'kysely'
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

/** Statements that stay compiled, of one kind. A service asks a few of them again and again. */
const SHAPES_MAX = 512

/** What is compiled for each shape of a request; of more than are kept, the oldest is compiled again. */
export class Shapes<T> {
  readonly #known = new Map<string, T>()

  get(shape: string, compile: () => T): T {
    const known = this.#known.get(shape)
    if (known !== undefined) return known
    const [oldest] = this.#known.size < SHAPES_MAX ? [] : this.#known.keys()
    if (oldest !== undefined) this.#known.delete(oldest)
    const compiled = compile()
    this.#known.set(shape, compiled)
    return compiled
  }
}

/**
 * A number of rows that a statement is limited to. SQLite would look at a bare parameter while it plans, and plan the
 * statement anew each time that it is bound, which takes longer than to find a row.
 */
export function atMost(rows: number): RawBuilder<number> {
  return sql<number>`cast(${rows} as integer)`
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
