import process from 'node:process'
import { write, type WriterTask } from './write.ts'

/** A writer as a process of its own. What it is asked for is JSON in its only argument. */
await write(JSON.parse(process.argv[2] ?? '') as WriterTask)
