// What the writer needs, so that it begins at once.
import '@shepherd-store/core'
import '../../postgres-harness.ts'
import '../../sqlite-harness.ts'

/** A writer in a process that is there already. */
export { write as perform } from '../write.ts'
