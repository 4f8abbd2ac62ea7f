import { inspect } from 'node:util'
import type { Answer, Call, Command } from './perform.ts'

/** The store did not answer as the model. */
export class Difference extends Error {
  /** Of the command in its sequence. */
  readonly index: number

  constructor(index: number, call: Call, found: Answer, expected: Answer) {
    super(`${described(call)}\n    the store answered ${shown(found)}\n    the model answered ${shown(expected)}`)
    this.index = index
  }
}

const SPOILING = '(What was passed is changed as soon as a call returns, and what was answered once it was compared.)'

/** The sequence as a person reads it, up to the difference. */
export function describeSequence(name: string, commands: readonly Command[], error: unknown, replay: string): string {
  const last = error instanceof Difference ? error.index + 1 : commands.length
  const steps = commands.slice(0, last).map((command, index) => `${index + 1}. ${describedStep(command)}`)
  const difference = `in ${describedError(error)}`
  return [`${name} and the model differ after`, ...steps, difference, SPOILING, `replay with ${replay}`].join('\n')
}

function describedStep(command: Command): string {
  switch (command.type) {
    case 'call':
      return `handle ${command.handle}: ${described(command.call)}`
    case 'together': {
      const end = command.closing ? ', and closes' : ''
      return [`handle ${command.handle}, without waiting${end}:`, ...command.writes.map(described)].join('\n     ')
    }
    case 'again': {
      const write = command.back === 0 ? 'the last write' : `the last write but ${command.back}`
      return `handle ${command.handle}: ${write}, again`
    }
    case 'reopen':
      return `handle ${command.handle} is closed and opened again`
    case 'advance':
      return `the clock advances by ${command.ms} ms`
    case 'set_clock':
      return `the clock is put to ${command.at}`
  }
}

function described({ as, method, args }: Call): string {
  return `${shown(as.scope)}@${shown(as.node)} ${method}(${args.map(shown).join(', ')})`
}

function describedError(error: unknown): string {
  if (!(error instanceof Error)) return shown(error)
  return error instanceof Difference ? error.message : (error.stack ?? error.message)
}

function shown(value: unknown): string {
  const text = inspect(value, {
    depth: 12,
    maxStringLength: 80,
    maxArrayLength: 8,
    breakLength: Infinity,
    compact: true,
  })
  return text.replaceAll('[Object: null prototype] ', '')
}
