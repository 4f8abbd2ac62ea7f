import process from 'node:process'
import Database from 'better-sqlite3'
import pg from 'pg'

/** To be called before each statement: SIGKILL meets this process before the `number`th, counted from 1. */
export function killBefore(number: number): () => void {
  let met = 0
  return () => {
    met += 1
    if (met === number) process.kill(process.pid, 'SIGKILL')
  }
}

/** From here on `act` is called before each statement that this thread runs in SQLite; what was there before, no more. */
export function beforeSqliteStatements(act: () => void): void {
  if (actOnSqlite === undefined) {
    const probe = new Database(':memory:')
    // All prepared statements share it; what `pragma` and `transaction` run is one of them, too.
    const statement = Object.getPrototypeOf(probe.prepare('select 1')) as object
    probe.close()
    for (const name of ['run', 'get', 'all', 'iterate']) beforeMethod(statement, name, () => actOnSqlite?.())
    beforeMethod(Database.prototype, 'exec', () => actOnSqlite?.())
  }
  actOnSqlite = act
}
let actOnSqlite: (() => void) | undefined

/** The options of a pool on whose connections `act` is called before each statement. */
export function poolBefore(url: string, act: (client: pg.Client) => void): pg.PoolConfig {
  class Watched extends pg.Client {}
  const query: unknown = pg.Client.prototype.query
  Reflect.set(Watched.prototype, 'query', query)
  beforeMethod(Watched.prototype, 'query', act)
  // Its types do not know the option, which its pool documents.
  return Object.assign({ connectionString: url }, { Client: Watched })
}

function beforeMethod<T>(prototype: object, name: string, act: (self: T) => void): void {
  const method = Reflect.get(prototype, name) as (...given: readonly unknown[]) => unknown
  Reflect.set(prototype, name, function acting(this: T, ...given: readonly unknown[]) {
    act(this)
    return method.apply(this, [...given])
  })
}
