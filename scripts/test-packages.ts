/**
 * Packs every package as it would be published, and uses the tarballs as a stranger would: in empty folders, with the
 * repository's Node and TypeScript and nothing else of it.
 */
import { type SpawnSyncReturns, spawnSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { delimiter, join, posix } from 'node:path'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'

const ROOT = join(import.meta.dirname, '..')
const FOLDERS = readdirSync(join(ROOT, 'packages')).map((name) => join(ROOT, 'packages', name))
/** What `@shepherd-store/core` must not bring along. */
const NOT_WITH_CORE = ['kysely', 'better-sqlite3', 'pg', 'fast-check']
/** The oldest Node that is supported. */
const NODE_VERSION_MIN = [22, 12] as const

interface Tarball {
  readonly name: string
  readonly folder: string
  readonly path: string
  readonly files: readonly string[]
}

const place = mkdtempSync(join(tmpdir(), 'shepherd-packages-'))
const problems: string[] = []
try {
  await testPackages()
} finally {
  rmSync(place, { recursive: true, force: true })
}
for (const problem of problems) console.error(`problem: ${problem}`)
process.exitCode = problems.length === 0 ? 0 : 1

async function testPackages(): Promise<void> {
  const tarballs = pack()
  for (const tarball of tarballs) {
    console.log(`${tarball.name}: ${tarball.files.length} files`)
    checkFiles(tarball)
    await checkExports(tarball)
    checkTypes(tarball)
  }
  testCoreAlone(tarballs)
  testBackends(tarballs)
}

/** From an empty `dist`: what a deleted source once compiled to must not be published. */
function pack(): readonly Tarball[] {
  for (const folder of FOLDERS) rmSync(join(folder, 'dist'), { recursive: true, force: true })
  run(ROOT, 'npm', ['run', '--silent', 'build'])
  return FOLDERS.map((folder) => {
    const packed = run(folder, 'npm', ['pack', '--json', '--pack-destination', place])
    const [tarball] = JSON.parse(packed) as { name: string; filename: string; files: { path: string }[] }[]
    if (tarball === undefined) throw new Error(`npm packed nothing in ${folder}`)
    const { name, filename, files } = tarball
    return { name, folder, path: join(place, filename), files: files.map(({ path }) => path) }
  })
}

function checkFiles({ name, folder, files }: Tarball): void {
  const has = new Set(files)
  for (const file of ['LICENSE', 'README.md']) if (!has.has(file)) problems.push(`${name}: no ${file}`)
  for (const file of files) {
    if (/\.tsbuildinfo$|\.test\./.test(file)) problems.push(`${name}: ${file} should not be published`)
    if (/\.(?:js|d\.ts)$/.test(file) && file.startsWith('dist/') && !has.has(`${file}.map`)) {
      problems.push(`${name}: ${file} has no map`)
    }
    if (!file.endsWith('.map')) continue
    const { sources } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as { readonly sources: readonly string[] }
    for (const source of sources) {
      if (!has.has(posix.join(posix.dirname(file), source)))
        problems.push(`${name}: ${file} leads to no file: ${source}`)
    }
  }
}

async function checkExports({ name, path }: Tarball): Promise<void> {
  const tarball = new Uint8Array(readFileSync(path)).buffer
  const { messages, pkg } = await publint({ strict: true, pack: { tarball } })
  for (const message of messages) problems.push(`${name}: ${formatMessage(message, pkg, { color: false })}`)
}

/**
 * The packages are ESM only, and say so in `engines`: `require` of them is Node's to do (22.12 and newer). The profile leaves
 * out what follows from that: resolution without `exports` (`node10`), and ESM types seen from CommonJS.
 */
function checkTypes({ name, path }: Tarball): void {
  const { status, stdout, stderr } = spawn(ROOT, 'attw', [path, '--profile', 'esm-only', '--no-emoji', '--no-color'])
  if (status !== 0) problems.push(`${name}: attw\n${stdout}${stderr}`)
}

function testCoreAlone(tarballs: readonly Tarball[]): void {
  console.log('@shepherd-store/core alone: installs, type-checks without any @types, runs')
  const project = install(
    'core',
    tarballs.filter(({ name }) => name === '@shepherd-store/core'),
  )
  const lock = JSON.parse(readFileSync(join(project, 'package-lock.json'), 'utf8')) as { readonly packages: object }
  const installed = Object.keys(lock.packages)
  for (const name of NOT_WITH_CORE) {
    if (installed.some((path) => path.endsWith(`node_modules/${name}`))) problems.push(`core brings ${name} along`)
  }
  typeCheck(project, 'core.ts', [])
  expectSuccess('core.ts', spawn(project, process.execPath, ['core.ts']))
}

function testBackends(tarballs: readonly Tarball[]): void {
  console.log('every package: installs, type-checks, opens stores, runs the command')
  const project = install('backends', tarballs, { '@types/node': installedVersion('@types/node') })
  typeCheck(project, 'backends.ts', ['node'])
  const database = join(project, 'store.db')
  expectSuccess('backends.ts', spawn(project, process.execPath, ['backends.ts', database]))

  const bin = join('node_modules', 'shepherd-store', 'bin', 'shepherd-store.js')
  if (!existsSync(join(project, 'node_modules', '.bin', 'shepherd-store')))
    problems.push('npm links no shepherd-store command')
  const help = spawn(project, process.execPath, [bin, '--help'])
  expectSuccess('shepherd-store --help', help)
  if (!help.stdout.includes('status')) problems.push(`shepherd-store --help does not name status:\n${help.stdout}`)
  expectSuccess('shepherd-store status', spawn(project, process.execPath, [bin, '--db', database, 'status']))

  testOldNode(project, bin)
}

/** better-sqlite3 crashes on Node 20: whoever has it must read why, not see a signal. */
function testOldNode(project: string, bin: string): void {
  const node = oldNode()
  if (node === undefined) {
    console.log(`an older Node: skipped, since no node older than ${NODE_VERSION_MIN.join('.')} is on the PATH`)
    return
  }
  console.log(`Node ${node.version}: is refused with a sentence`)
  const command = spawn(project, node.path, [bin, '--db', 'old.db', 'status'])
  if (command.status !== 1) problems.push(`shepherd-store on Node ${node.version} ${ending(command)}, not with 1`)
  expectSentence(`shepherd-store on Node ${node.version}`, command)

  const program =
    "import('@shepherd-store/sqlite').then(m => m.openSqliteStore('old.db')).catch(e => console.log(e.message))"
  const library = spawn(project, node.path, ['-e', program])
  if (library.status !== 0) problems.push(`openSqliteStore on Node ${node.version} ${ending(library)}`)
  expectSentence(`openSqliteStore on Node ${node.version}`, library)
}

function oldNode(): { readonly path: string; readonly version: string } | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => !folder.includes('node_modules'))
  for (const path of folders.map((folder) => join(folder, 'node')).filter((file) => existsSync(file))) {
    const version = spawn(ROOT, path, ['-p', 'process.versions.node']).stdout.trim()
    const [major = 0, minor = 0] = version.split('.').map(Number)
    if (major < NODE_VERSION_MIN[0] || (major === NODE_VERSION_MIN[0] && minor < NODE_VERSION_MIN[1]))
      return { path, version }
  }
  return undefined
}

function expectSentence(what: string, { stdout, stderr }: SpawnSyncReturns<string>): void {
  const said = `${stdout}${stderr}`.trim()
  if (said.includes('\n') || !said.includes(NODE_VERSION_MIN.join('.'))) {
    problems.push(`${what} should say in one sentence which Node is needed, and says: ${said || 'nothing'}`)
  }
}

function expectSuccess(what: string, result: SpawnSyncReturns<string>): void {
  if (result.status !== 0) problems.push(`${what} ${ending(result)}:\n${result.stdout}${result.stderr}`)
}

function ending({ status, signal }: SpawnSyncReturns<string>): string {
  return status === null ? `ended by ${String(signal)}` : `ended with ${status}`
}

/** An empty project with the tarballs, which are also what they mean by each other's names. */
function install(name: string, tarballs: readonly Tarball[], devDependencies: Record<string, string> = {}): string {
  const project = join(place, name)
  mkdirSync(project)
  const dependencies = Object.fromEntries(tarballs.map(({ name: of, path }) => [of, `file:${path}`]))
  const overrides = Object.fromEntries(Object.keys(dependencies).map((of) => [of, `$${of}`]))
  writeJson(join(project, 'package.json'), { private: true, type: 'module', dependencies, devDependencies, overrides })
  run(project, 'npm', ['install', '--no-audit', '--no-fund'])
  copyFileSync(join(ROOT, 'scripts', 'consumers', `${name}.ts`), join(project, `${name}.ts`))
  return project
}

/** As strictly as a user may: our declarations are checked too, and may want no library that a user need not name. */
function typeCheck(project: string, file: string, types: readonly string[]): void {
  const compilerOptions = {
    target: 'es2022',
    lib: ['es2022'],
    module: 'nodenext',
    types,
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: false,
    noEmit: true,
  }
  writeJson(join(project, 'tsconfig.json'), { compilerOptions, files: [file] })
  expectSuccess(`the types of ${file}`, spawn(project, 'tsc', ['-p', '.']))
}

function installedVersion(name: string): string {
  const { version } = createRequire(import.meta.url)(`${name}/package.json`) as { readonly version: string }
  return version
}

function writeJson(path: string, value: unknown): void {
  writeFileSync(path, `${JSON.stringify(value, undefined, 2)}\n`)
}

function run(cwd: string, command: string, args: readonly string[]): string {
  const result = spawn(cwd, command, args)
  if (result.status === 0) return result.stdout
  throw new Error(`${command} ${args.join(' ')} ${ending(result)}:\n${result.stdout}${result.stderr}`)
}

function spawn(cwd: string, command: string, args: readonly string[]): SpawnSyncReturns<string> {
  return spawnSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], timeout: 300_000 })
}
