import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'
import { systemClock } from '@shepherd-store/core'
import type { PlaceAddress } from '@shepherd-store/core/conformance'
import { within } from '../postgres/deadline.ts'
import type { PlayerMessage, PlayerPreparation, PlayerTask } from './tasks.ts'

/** How long a process may take for whatever is waited for. Loading takes it a second, on a busy machine several. */
const PLAYER_TIMEOUT_MS = 40_000
/** How many processes load while another one is played with. */
const AHEAD = 2

/** Processes that play on one place. Each has loaded what it needs before it is given out. */
export class Players {
  readonly #address: PlaceAddress
  readonly #ready: Player[] = []
  readonly #all: Player[] = []
  #left: number

  /** @param count How many are going to be asked for. */
  constructor(address: PlaceAddress, count: number) {
    this.#address = address
    this.#left = count
    for (let ahead = 0; ahead < AHEAD; ahead += 1) this.#prepare()
  }

  /** One that nobody has yet. */
  async next(): Promise<Player> {
    const player = this.#ready.shift()
    if (player === undefined) throw new Error('no more players were asked for')
    await player.heard('loaded')
    this.#prepare()
    return player
  }

  async close(): Promise<void> {
    await Promise.all(this.#all.map((player) => player.kill()))
  }

  #prepare(): void {
    if (this.#left === 0) return
    this.#left -= 1
    const player = new Player(this.#address)
    this.#ready.push(player)
    this.#all.push(player)
  }
}

/** A process that does one task and is killed. */
export class Player {
  readonly #child: ChildProcess
  readonly #gone: Promise<unknown>
  readonly #messages: PlayerMessage[] = []
  /** Whoever waits for news, of which each is told. */
  readonly #waiting = new Set<() => void>()
  #problem: string | undefined

  constructor(address: PlaceAddress) {
    this.#child = fork(new URL('./player-process.ts', import.meta.url), {
      execArgv: process.execArgv,
      serialization: 'advanced', // which keeps Dates
    })
    // What it said before it ended may be heard only afterwards.
    this.#gone = Promise.all([once(this.#child, 'exit'), once(this.#child, 'disconnect')]).catch(() => undefined)
    this.#child.on('message', (message) => {
      const told = message as PlayerMessage
      this.#messages.push(told)
      this.#spread(told.type === 'failed' ? told.problem : undefined)
    })
    this.#child.on('error', (error) => this.#spread(String(error)))
    this.#child.on('exit', (code, signal) => this.#spread(`it ended with ${signal ?? `code ${code}`}`))
    this.#child.send({ address } satisfies PlayerPreparation)
  }

  start(task: PlayerTask): void {
    this.#child.send(task)
  }

  /** The message of that type, once it comes. @throws Error when the process fails or ends before, or takes too long. */
  heard<T extends PlayerMessage['type']>(type: T): Promise<Extract<PlayerMessage, { readonly type: T }>> {
    return within(this.#news(type), PLAYER_TIMEOUT_MS, `a process was not ${type} within ${PLAYER_TIMEOUT_MS} ms`)
  }

  /** Whether it has said so. Of one that was killed: ever. */
  hasSaid(type: PlayerMessage['type']): boolean {
    return this.#messages.some((message) => message.type === type)
  }

  /** SIGKILL, `delayMs` from now; resolves when it has ended and all that it said was heard. */
  async kill(delayMs = 0): Promise<void> {
    // A timer would be a millisecond late, in which a whole commit has room.
    const killAtMs = systemClock.monotonicMs() + delayMs
    while (systemClock.monotonicMs() < killAtMs);
    this.#child.kill('SIGKILL')
    await within(this.#gone, PLAYER_TIMEOUT_MS, `a process that was killed was there for ${PLAYER_TIMEOUT_MS} ms`)
  }

  async #news<T extends PlayerMessage['type']>(type: T): Promise<Extract<PlayerMessage, { readonly type: T }>> {
    const isIt = (message: PlayerMessage): message is Extract<PlayerMessage, { readonly type: T }> =>
      message.type === type
    for (;;) {
      const message = this.#messages.find(isIt)
      if (message !== undefined) return message
      if (this.#problem !== undefined) throw new Error(`a process was to be ${type}, and failed: ${this.#problem}`)
      await new Promise<void>((resolve) => this.#waiting.add(resolve))
    }
  }

  #spread(problem: string | undefined): void {
    this.#problem ??= problem
    for (const tell of this.#waiting) tell()
    this.#waiting.clear()
  }
}
