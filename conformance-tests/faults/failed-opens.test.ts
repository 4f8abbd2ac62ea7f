import { execFile } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, inject, test } from 'vitest'
import { temporaryDirectories } from '../directories.ts'
import { createDatabase } from '../postgres/database.ts'

/** How often each opening fails. */
const TIMES = Number(process.env['SHEPHERD_TEST_FAILED_OPENS'] ?? 4)

const run = promisify(execFile)
const { fresh } = temporaryDirectories()
const OPENINGS = fileURLToPath(new URL('./failed-opens/openings.ts', import.meta.url))
const { url, drop } = await createDatabase(inject('postgresUrl'))
afterAll(drop)

test(
  `an opening that fails leaves nothing behind: no descriptor, timer, socket or listener, ${TIMES} times each`,
  { timeout: 60_000 + TIMES * 1_000 },
  async () => {
    const directory = fresh()
    mkdirSync(directory)
    const { stdout } = await run(process.execPath, [...process.execArgv, OPENINGS, directory, url, String(TIMES)])
    console.log(`openings that fail: ${stdout.trim()}`)
  },
)
