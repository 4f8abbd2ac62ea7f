import { fork } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'
import { systemClock } from '@shepherd-store/core'
import { within } from '../postgres/deadline.ts'
import type { RetentionMessage, RetentionTask } from './tasks.ts'

/** How long a process may take until it is killed, or has done its task. */
const PROCESS_TIMEOUT_MS = 120_000

/** When a process is killed: behind its `step`th message and so much later. Never: it does its task to the end. */
export interface KillPoint {
  readonly step: number
  readonly delayMs: number
}

/**
 * Runs the task in a process of its own, and kills it there with SIGKILL, or when it has done its task, whichever comes
 * first. Resolves with all that it said when it is gone. @throws Error when it fails.
 */
export async function runUntilKilled(
  task: RetentionTask,
  { step, delayMs }: KillPoint,
): Promise<readonly RetentionMessage[]> {
  const child = fork(new URL('./retention-process.ts', import.meta.url), { execArgv: process.execArgv })
  const gone = Promise.all([once(child, 'exit'), once(child, 'disconnect')])
  const messages: RetentionMessage[] = []
  child.on('message', (message) => {
    const told = message as RetentionMessage
    messages.push(told)
    const isHeld = told.type === 'writing' && countWrites(messages) === task.holdsBeforeWrite
    if (messages.length !== step && !isHeld && told.type !== 'done' && told.type !== 'failed') return
    // A timer would be a millisecond late, in which a whole commit has room.
    const killAtMs = systemClock.monotonicMs() + delayMs
    while (systemClock.monotonicMs() < killAtMs);
    child.kill('SIGKILL')
  })
  child.send(task)
  try {
    await within(gone, PROCESS_TIMEOUT_MS, `a process was not at its end within ${PROCESS_TIMEOUT_MS} ms`)
  } finally {
    child.kill('SIGKILL')
  }
  const failed = messages.find((message) => message.type === 'failed')
  if (failed !== undefined) throw new Error(`a process failed: ${failed.problem}`)
  return messages
}

function countWrites(messages: readonly RetentionMessage[]): number {
  return messages.filter(({ type }) => type === 'writing').length
}
