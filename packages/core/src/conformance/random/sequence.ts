import { isDeepStrictEqual } from 'node:util'
import { isPlain } from './copies.ts'
import { type Answer, type Call, type Command, modelAnswer, storeAnswer } from './perform.ts'
import { Difference } from './report.ts'
import { SCOPE_PREFIX_BYTES, SEQUENCE_START } from './values.ts'
import type { World } from './world.ts'

/** How many answers were compared. @throws Difference at the first one that is not the model's. */
export async function playSequence(world: World, commands: readonly Command[]): Promise<number> {
  const sequence = new Sequence(world)
  let answers = 0
  for (const [index, command] of commands.entries()) {
    for (const { call, found, expected } of await sequence.play(command)) {
      if (!isDeepStrictEqual(found, expected)) throw new Difference(index, call, found, expected)
      answers += 1
    }
  }
  await verifyLog(world, commands.length)
  return answers
}

interface Answers {
  readonly call: Call
  readonly found: Answer
  readonly expected: Answer
}

/** Plays in scopes of its own, after the records of the sequences before. */
class Sequence {
  readonly #world: World
  readonly #scopePrefix: string
  readonly #firstId: number
  readonly #writes: Call[] = []

  constructor(world: World) {
    world.sequences += 1
    world.clock.set(SEQUENCE_START)
    this.#world = world
    this.#scopePrefix = `${world.sequences}-`.padStart(SCOPE_PREFIX_BYTES, '0')
    this.#firstId = world.model.state.audits.length
  }

  async play(command: Command): Promise<readonly Answers[]> {
    const { clock } = this.#world
    switch (command.type) {
      case 'call':
        return this.#call(command.handle, [command.call])
      case 'together':
        return this.#call(command.handle, command.writes, command)
      case 'again': {
        const write = this.#writes.at(-1 - command.back)
        return write === undefined ? [] : this.#call(command.handle, [write])
      }
      case 'reopen':
        await this.#world.reopen(command.handle)
        return []
      case 'advance':
        clock.advance(command.ms)
        return []
      case 'set_clock':
        clock.set(command.at)
        return []
    }
  }

  /** The store is called first, without waiting: what is called together takes effect in the order of the calls. */
  async #call(handle: 0 | 1, asked: readonly Call[], { closing = false } = {}): Promise<readonly Answers[]> {
    const world = this.#world
    const calls = asked.map((call) => inPlace(call, this.#scopePrefix, this.#firstId))
    this.#writes.push(...asked.filter(({ method }) => WRITES.has(method)))
    const store = world.handle(handle)
    const answering = Promise.all(calls.map((call) => storeAnswer(store, call, world.hashes)))
    const reopening = closing ? world.reopen(handle) : undefined
    const expected = calls.map((call) => modelAnswer(world.model, call))
    const [found] = await Promise.all([answering, reopening])
    return calls.map((call, index) => ({ call, found: found[index] as Answer, expected: expected[index] as Answer }))
  }
}

const WRITES: ReadonlySet<string> = new Set([
  'commit',
  'appendAudit',
  'addUsage',
  'setCooldownUntil',
  'clearCooldown',
  'adjustUsage',
  'grantTime',
  'saveSnapshot',
])

/** The call in the scopes of its sequence. Ids in a sequence count from its first. */
function inPlace({ as, method, args }: Call, scopePrefix: string, firstId: number): Call {
  const shift: Shift = { id: (id) => shifted(id, firstId), scope: (scope) => prefixed(scope, scopePrefix) }
  return { as: { ...as, scope: shift.scope(as.scope) }, method, args: PLACES[method]?.(args, shift) ?? args }
}

interface Shift {
  readonly id: (id: unknown) => unknown
  readonly scope: (scope: unknown) => unknown
}
const shiftQuery = ([query]: readonly unknown[], { id }: Shift): readonly unknown[] => {
  if (!isPlain(query)) return [query]
  const { after, before, ...rest } = query as { readonly after?: unknown; readonly before?: unknown }
  return [{ ...rest, after: id(after), before: id(before) }]
}
const shiftHead = ([options]: readonly unknown[], { id }: Shift): readonly unknown[] => {
  if (!isPlain(options)) return [options]
  const { expectedHead, ...rest } = options as { readonly expectedHead?: { readonly id: unknown } }
  return [{ ...rest, expectedHead: expectedHead && { ...expectedHead, id: id(expectedHead.id) } }]
}
const shiftSession = ([query]: readonly unknown[], { scope }: Shift): readonly unknown[] => {
  if (!isPlain(query)) return [query]
  const { after, ...rest } = query as { readonly after?: unknown }
  return [{ ...rest, after: isPlain(after) && 'scope' in after ? { ...after, scope: scope(after.scope) } : after }]
}
/** Arguments that name a place in the log or in a list. */
const PLACES: Partial<Record<Call['method'], (args: readonly unknown[], shift: Shift) => readonly unknown[]>> = {
  listAudits: shiftQuery,
  readAudits: shiftQuery,
  verifyAudits: shiftHead,
  check: shiftHead,
  listSessions: shiftSession,
}

function shifted(id: unknown, firstId: number): unknown {
  return typeof id === 'number' && Number.isSafeInteger(id + firstId) ? id + firstId : id
}

function prefixed(scope: unknown, prefix: string): unknown {
  return typeof scope === 'string' && scope !== '' ? `${prefix}${scope}` : scope
}

/** The whole log, of every sequence of this place, is intact up to the head that was seen last. */
async function verifyLog(world: World, index: number): Promise<void> {
  const store = world.handle(0)
  const records = world.model.state.audits.length
  const expectedHead = (await store.listAudits({ scope: 'all', order: 'desc', limit: 1 })).at(0)
  const { intact, checked, tail } = await store.verifyAudits({ expectedHead })
  const found = { intact, checked, tail }
  const expected = { intact: true, checked: records, tail: records === 0 ? 'unproven' : 'proven' }
  if (isDeepStrictEqual(found, expected)) return
  const call: Call = { as: { scope: store.scope, node: store.node }, method: 'verifyAudits', args: [{ expectedHead }] }
  throw new Difference(index, call, { value: found }, { value: expected })
}
