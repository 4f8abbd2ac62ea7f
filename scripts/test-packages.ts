/**
 * Packs every package as it would be published, and uses the tarballs as a stranger would: in empty folders, with the
 * repository's TypeScript and nothing else of it, on the repository's Node, on the oldest that is supported and on those
 * that are too old.
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
import { join, posix } from 'node:path'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'

const ROOT = join(import.meta.dirname, '..')
const FOLDERS = readdirSync(join(ROOT, 'packages')).map((name) => join(ROOT, 'packages', name))
/** What `@shepherd-store/core` must not bring along. */
const NOT_WITH_CORE = ['kysely', 'better-sqlite3', 'pg', 'fast-check']
/** What every package says of Node, as `>=22.14.0`. */
const ENGINES = manifestOf(ROOT).engines.node
/** The oldest Node that is supported. */
const NODE_VERSION_MIN = ENGINES.replace(/^>=/, '')
/** Of a line of Node that knows much less. */
const NODE_VERSION_OLD = '20.18.1'

/** The command, as npm installs it. */
const BIN = join('node_modules', 'shepherd-store', 'bin', 'shepherd-store.js')

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
  const { oldest, tooOld } = nodeVersions()
  const nodes = [process.execPath, installNode(oldest)]
  testCoreAlone(tarballs, nodes)
  const backends = testBackends(tarballs, nodes)
  for (const version of tooOld) testRefusal(backends, installNode(version))
}

/** From an empty `dist`: what a deleted source once compiled to must not be published. */
function pack(): readonly Tarball[] {
  for (const folder of FOLDERS) rmSync(join(folder, 'dist'), { recursive: true, force: true })
  run(ROOT, 'tsc', ['-b', ...FOLDERS])
  return FOLDERS.map((folder) => {
    const packed = run(folder, 'npm', ['pack', '--json', '--pack-destination', place])
    const [tarball] = JSON.parse(packed) as { name: string; filename: string; files: { path: string }[] }[]
    if (tarball === undefined) throw new Error(`npm packed nothing in ${folder}`)
    const { name, filename, files } = tarball
    return { name, folder, path: join(place, filename), files: files.map(({ path }) => path) }
  })
}

function checkFiles({ name, folder, files }: Tarball): void {
  if (manifestOf(folder).engines.node !== ENGINES) problems.push(`${name}: its engines are not ${ENGINES}`)
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
 * The packages are ESM only, and say so in `engines`: `require` of them is Node's to do. The profile leaves out what
 * follows from that: resolution without `exports` (`node10`), and ESM types seen from CommonJS.
 */
function checkTypes({ name, path }: Tarball): void {
  const { status, stdout, stderr } = spawn(ROOT, 'attw', [path, '--profile', 'esm-only', '--no-emoji', '--no-color'])
  if (status !== 0) problems.push(`${name}: attw\n${stdout}${stderr}`)
}

/** A Node of that version, from the package that holds the binary for this platform, in a project of its own. */
function installNode(version: string): string {
  const project = makeProject(`node-${version}`, { dependencies: { [nodePackage()]: version } })
  return join(project, 'node_modules', nodePackage(), 'bin', 'node')
}

/** Those next to the border on either side of which there is a package, as some platforms have gaps; and an old one. */
function nodeVersions(): { readonly oldest: string; readonly tooOld: readonly string[] } {
  const compare = (a: string, b: string): number => a.localeCompare(b, 'en', { numeric: true })
  const found = JSON.parse(run(place, 'npm', ['view', nodePackage(), 'versions', '--json'])) as readonly string[]
  const versions = found.filter((version) => /^[\d.]+$/.test(version)).toSorted(compare)
  const oldest = versions.find((version) => compare(version, NODE_VERSION_MIN) >= 0)
  const newest = versions.findLast((version) => compare(version, NODE_VERSION_MIN) < 0)
  if (oldest === undefined || newest === undefined)
    throw new Error(`${nodePackage()} has no Node on either side of ${NODE_VERSION_MIN}`)
  return { oldest, tooOld: [...new Set([newest, NODE_VERSION_OLD])] }
}

function nodePackage(): string {
  const platform = `${process.platform}-${process.arch}`
  return platform === 'darwin-arm64' ? `node-bin-${platform}` : `node-${platform}`
}

function testCoreAlone(tarballs: readonly Tarball[], nodes: readonly string[]): void {
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
  compile(project, 'core', [])
  for (const node of nodes) {
    console.log(`  on Node ${versionOf(node)}`)
    expectSuccess(`core.js on Node ${versionOf(node)}`, spawn(project, node, ['core.js']))
  }
}

/** Returns the project, for further tests. */
function testBackends(tarballs: readonly Tarball[], nodes: readonly string[]): string {
  console.log('every package: installs, type-checks, opens stores, runs the command')
  const project = install('backends', tarballs, { '@types/node': installedVersion('@types/node') })
  compile(project, 'backends', ['node'])
  if (!existsSync(join(project, 'node_modules', '.bin', 'shepherd-store')))
    problems.push('npm links no shepherd-store command')
  for (const node of nodes) {
    const version = versionOf(node)
    console.log(`  on Node ${version}`)
    const database = join(project, `${version}.db`)
    expectSuccess(`backends.js on Node ${version}`, spawn(project, node, ['backends.js', database]))
    const help = spawn(project, node, [BIN, '--help'])
    expectSuccess(`shepherd-store --help on Node ${version}`, help)
    if (!help.stdout.includes('status')) problems.push(`shepherd-store --help does not name status:\n${help.stdout}`)
    const status = spawn(project, node, [BIN, '--db', database, '--json', 'status'])
    expectSuccess(`shepherd-store status on Node ${version}`, status)
    if (!status.stdout.includes('"records": 1'))
      problems.push(`shepherd-store status finds no record:\n${status.stdout}`)
  }
  return project
}

/** Whoever has an old Node must read why, not see a signal. */
function testRefusal(project: string, node: string): void {
  const version = versionOf(node)
  console.log(`Node ${version}: is refused with a sentence`)
  const command = spawn(project, node, [BIN, '--db', 'old.db', 'status'])
  if (command.status !== 1) problems.push(`shepherd-store on Node ${version} ${ending(command)}, not with 1`)
  expectSentence(`shepherd-store on Node ${version}`, command)

  const program =
    "import('@shepherd-store/sqlite').then(m => m.openSqliteStore('old.db')).catch(e => console.log(e.message))"
  const library = spawn(project, node, ['-e', program])
  if (library.status !== 0) problems.push(`openSqliteStore on Node ${version} ${ending(library)}`)
  expectSentence(`openSqliteStore on Node ${version}`, library)
}

function versionOf(node: string): string {
  return run(place, node, ['-p', 'process.versions.node']).trim()
}

function expectSentence(what: string, { stdout, stderr }: SpawnSyncReturns<string>): void {
  const said = `${stdout}${stderr}`.trim()
  if (said.includes('\n') || !said.includes(NODE_VERSION_MIN.replace(/\.0$/, ''))) {
    problems.push(`${what} should say in one sentence which Node is needed, and says: ${said || 'nothing'}`)
  }
}

function expectSuccess(what: string, result: SpawnSyncReturns<string>): void {
  if (result.status !== 0) problems.push(`${what} ${ending(result)}:\n${result.stdout}${result.stderr}`)
}

function ending({ status, signal }: SpawnSyncReturns<string>): string {
  return status === null ? `ended by ${String(signal)}` : `ended with ${status}`
}

/** A project with the tarballs, which are also what they mean by each other's names. */
function install(name: string, tarballs: readonly Tarball[], devDependencies: Record<string, string> = {}): string {
  const dependencies = Object.fromEntries(tarballs.map(({ name: of, path }) => [of, `file:${path}`]))
  const overrides = Object.fromEntries(Object.keys(dependencies).map((of) => [of, `$${of}`]))
  const project = makeProject(name, { dependencies, devDependencies, overrides })
  copyFileSync(join(ROOT, 'scripts', 'consumers', `${name}.ts`), join(project, `${name}.ts`))
  return project
}

/** An empty project with what it depends on, whose install scripts do not run. */
function makeProject(name: string, manifest: object): string {
  const project = join(place, name)
  mkdirSync(project)
  writeJson(join(project, 'package.json'), { private: true, type: 'module', ...manifest })
  run(project, 'npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund'])
  return project
}

/**
 * As strictly as a user may: our declarations are checked too, and may want no library that a user need not name. What
 * it makes runs on every Node; types are stripped by newer ones alone.
 */
function compile(project: string, name: string, types: readonly string[]): void {
  const compilerOptions = {
    target: 'es2022',
    lib: ['es2022'],
    module: 'nodenext',
    types,
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: false,
  }
  writeJson(join(project, 'tsconfig.json'), { compilerOptions, files: [`${name}.ts`] })
  expectSuccess(`the types of ${name}.ts`, spawn(project, 'tsc', ['-p', '.']))
}

function manifestOf(folder: string): { readonly engines: { readonly node: string } } {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { engines: { node: string } }
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
