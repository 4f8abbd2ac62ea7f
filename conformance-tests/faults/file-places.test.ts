import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { test } from 'vitest'
import { temporaryDirectories } from '../directories.ts'
import { strace } from './strace.ts'

const run = promisify(execFile)
const { fresh } = temporaryDirectories()
const node = [process.execPath, ...process.execArgv]
const script = (name: string) => fileURLToPath(new URL(`./file-places/${name}`, import.meta.url))

test.each(['thread', 'inline'])(
  'a disk that is full, or read-only, refuses writes and loses none, and all works when it is so no more (%s)',
  async (writer) => {
    const directory = fresh()
    mkdirSync(directory)
    // A file system of its own, for which nobody has to be root: it is gone with the process.
    const mounted = `mount -t tmpfs -o size=2m,mode=700 store "$0" && exec "$@"`
    const command = ['-Urm', 'sh', '-c', mounted, directory, ...node, script('full-disk.ts'), directory, writer]
    const { stdout } = await run('unshare', command)
    console.log(`a full and a read-only disk, ${writer}: ${stdout.trim()}`)
    assert.match(stdout, / 0 lost, 0 doubled, 0 untrue/)
  },
)

/** What Linux answers where a file lies: on the disk of another machine. As strace puts it into the answer. */
const NFS = '6969000000000000'

test('a file on a network file system is warned of, by name', async () => {
  const { file, env } = await strace()
  const watching = ['-f', '-qq', '-o', '/dev/null', '-e', 'trace=statfs', '-e', `inject=statfs:poke_exit=@arg2=${NFS}`]
  const opening = [...node, script('open.ts'), join(fresh(), 'store.db')]
  const { stderr } = await run(file, [...watching, ...opening], { env })
  assert.match(
    stderr,
    /\[SHEPHERD_NETWORK_FILE_SYSTEM\] ShepherdStoreWarning: .*store\.db is on a network file system \(NFS\).*use a local disk/,
  )

  const [command = '', ...rest] = opening
  const local = await run(command, rest)
  assert.equal(local.stderr, '')
})
