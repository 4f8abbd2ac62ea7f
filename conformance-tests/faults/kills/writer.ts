import process from 'node:process'
import type { WriterTask } from '../writer-process.ts'
// What the writer needs, so that it begins at once.
import '@shepherd-store/core'
import '../work.ts'
import '../../postgres-harness.ts'
import '../../sqlite-harness.ts'

/** A writer in a process that is there already. It writes once. */
export async function perform(task: WriterTask): Promise<void> {
  process.argv[2] = JSON.stringify(task)
  await import('../writer-process.ts')
}
