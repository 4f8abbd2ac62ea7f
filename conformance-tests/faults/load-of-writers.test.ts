import { execFile } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { test } from 'vitest'
import { temporaryDirectories } from '../directories.ts'
import { strace } from './strace.ts'

const run = promisify(execFile)
const { fresh } = temporaryDirectories()
const FLOOD = fileURLToPath(new URL('./load-of-writers/flood.ts', import.meta.url))
/** How long each sync takes, in microseconds: as on a slow SD card. */
const SYNC_US = 20_000

test('writers that are faster than the disk are refused at once beyond the queue, and starve nobody', async () => {
  const directory = fresh()
  mkdirSync(directory)
  const { file, env } = await strace()
  const slow = ['-f', '--seccomp-bpf', '-qq', '-o', '/dev/null', '-e', 'trace=fsync,fdatasync']
  const inject = ['-e', `inject=fsync,fdatasync:delay_exit=${SYNC_US}`]
  const flood = [process.execPath, ...process.execArgv, '--expose-gc', FLOOD, directory]
  const { stdout } = await run(file, [...slow, ...inject, ...flood], { env })
  console.log(`writers faster than the disk: ${stdout.trim()}`)
})
