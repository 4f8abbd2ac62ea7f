import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/** How strace, which sees and fails the system calls of a process, is started. */
export interface Strace {
  readonly file: string
  readonly env: NodeJS.ProcessEnv
}

const CACHE = fileURLToPath(new URL('../../node_modules/.cache/strace', import.meta.url))
/** What strace needs beside the C library, by the names of Debian and its kin. */
const PACKAGES = ['strace', 'libunwind8']
const DOWNLOAD_TIMEOUT_MS = 120_000

const run = promisify(execFile)
let found: Promise<Strace> | undefined

/** The machine's own, or one that is unpacked beside the modules, for which nobody has to be root. @throws Error that says what to do. */
export function strace(): Promise<Strace> {
  return (found ??= find())
}

async function find(): Promise<Strace> {
  if (await works({ file: 'strace', env: process.env })) return { file: 'strace', env: process.env }
  if (!existsSync(CACHE)) await unpack()
  const cached = {
    file: join(CACHE, 'usr/bin/strace'),
    env: { ...process.env, LD_LIBRARY_PATH: librariesBelow(CACHE) },
  }
  if (await works(cached)) return cached
  throw missing()
}

async function works({ file, env }: Strace): Promise<boolean> {
  return run(file, ['-o', '/dev/null', 'true'], { env }).then(
    () => true,
    () => false,
  )
}

async function unpack(): Promise<void> {
  mkdirSync(join(CACHE, '..'), { recursive: true })
  const directory = mkdtempSync(`${CACHE}-`)
  try {
    await run('apt-get', ['download', ...PACKAGES], { cwd: directory, timeout: DOWNLOAD_TIMEOUT_MS })
    const packages = readdirSync(directory)
    for (const each of packages) await run('dpkg-deb', ['-x', join(directory, each), join(directory, 'unpacked')])
    // Another process may have been faster.
    if (!existsSync(CACHE)) renameSync(join(directory, 'unpacked'), CACHE)
  } catch (error) {
    throw missing(error)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

function librariesBelow(directory: string): string {
  const libraries = join(directory, 'usr/lib')
  return readdirSync(libraries)
    .map((name) => join(libraries, name))
    .join(':')
}

function missing(cause?: unknown): Error {
  return new Error(
    'faults of the disk are tried with strace, which is not here: install it (apt-get install strace), on Linux',
    {
      cause,
    },
  )
}
