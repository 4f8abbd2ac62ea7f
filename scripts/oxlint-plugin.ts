import { dirname, join, relative, sep } from 'node:path'

/**
 * The layers of docs/design.md, §2: what a file may import, beside its own layer and Node's modules. The first entry whose
 * path fits is the file's; everything that it does not list is an error. Read by .oxlintrc.json.
 */
const LAYERS: readonly { readonly path: string; readonly imports: readonly string[] }[] = [
  { path: 'packages/core/src/sql/', imports: ['packages/core/src/', 'kysely'] },
  {
    path: 'packages/core/src/conformance/random',
    imports: ['packages/core/src/', 'packages/core/src/conformance/', 'fast-check'],
  },
  { path: 'packages/core/src/conformance/', imports: ['packages/core/src/'] },
  { path: 'packages/core/src/', imports: ['canonicalize', 'csv-stringify/sync', 'temporal-polyfill'] },
  {
    path: 'packages/sqlite/src/',
    imports: ['@shepherd-store/core', '@shepherd-store/core/sql', 'better-sqlite3', 'kysely'],
  },
  {
    path: 'packages/postgres/src/',
    imports: ['@shepherd-store/core', '@shepherd-store/core/sql', 'kysely', 'pg', 'pg-connection-string'],
  },
  {
    path: 'packages/memory/src/',
    imports: ['@shepherd-store/core', '@shepherd-store/core/sql', '@shepherd-store/sqlite', 'better-sqlite3'],
  },
  {
    path: 'packages/cli/src/',
    imports: [
      '@shepherd-store/core',
      '@shepherd-store/sqlite',
      '@shepherd-store/sqlite/rust',
      '@shepherd-store/postgres',
      '@shepherd-store/memory',
      'commander',
      'terminal-columns',
    ],
  },
]

/** Modules that one file alone may import. */
const ONLY_IN: Readonly<Record<string, string>> = {
  'csv-stringify/sync': 'packages/core/src/export-audits.ts',
  'temporal-polyfill': 'packages/core/src/calendar.ts',
}

const CLOCK = 'packages/core/src/clock.ts'
const NOW: Readonly<Record<string, readonly string[]>> = {
  Date: ['now'],
  performance: ['now', 'timeOrigin'],
  process: ['hrtime', 'uptime'],
}

/** As much of oxlint's plugin interface as is used here: its types are in a package of their own. */
interface Context {
  readonly filename: string
  readonly cwd: string
  report(problem: { readonly node: Node; readonly message: string }): void
}
interface Node {
  readonly type: string
  readonly source?: Node | null
  readonly value?: unknown
  readonly name?: string
  readonly object?: Node
  readonly property?: Node
  readonly callee?: Node
  readonly arguments?: readonly Node[]
}
type Visitor = Readonly<Record<string, (node: Node) => void>>
interface Rule {
  create(context: Context): Visitor
}

/** No file imports what its layer may not know, in any of the forms an import has; no path leads into another package. */
const layers: Rule = {
  create(context) {
    const file = projectPath(context, context.filename)
    const check = ({ source }: Node) => {
      if (typeof source?.value !== 'string') return
      const problem = importProblem(file, target(file, source.value))
      if (problem !== undefined) context.report({ node: source, message: `${source.value} ${problem}` })
    }
    return {
      ImportDeclaration: check,
      ImportExpression: check,
      TSImportType: check,
      ExportNamedDeclaration: check,
      ExportAllDeclaration: check,
    }
  },
}

function importProblem(file: string, imported: string): string | undefined {
  const home = ONLY_IN[imported]
  if (home !== undefined && file !== home) return `may be imported in ${home} only`
  const layer = layerOf(file)
  if (layer === undefined) return packageOf(imported) === packageOf(file) ? undefined : fromOutside(imported)
  const allowed = [layer.path, ...layer.imports]
  if (imported.startsWith('node:') || imported.startsWith('#')) return undefined
  if (allowed.includes(layerOf(imported)?.path ?? imported)) return undefined
  return `may not be imported in ${layer.path}: see LAYERS in scripts/oxlint-plugin.ts`
}

/** Tests, examples and scripts import packages by their names. */
function fromOutside(imported: string): string | undefined {
  return imported.startsWith('packages/') ? 'leads into a package: import it by its name' : undefined
}

const layerOf = (path: string) => LAYERS.find((layer) => path.startsWith(layer.path))
const packageOf = (path: string) => /^packages\/[^/]+\//.exec(path)?.[0]

/** The path in the project of what a relative specifier means; any other specifier as it is. */
function target(file: string, specifier: string): string {
  return specifier.startsWith('.') ? join(dirname(file), specifier).split(sep).join('/') : specifier
}

function projectPath({ cwd }: Context, path: string): string {
  return relative(cwd, path).split(sep).join('/')
}

/** The time of the machine is read in one file; everything else asks the store's clock. */
const clock: Rule = {
  create(context) {
    const file = projectPath(context, context.filename)
    if (file === CLOCK || !/^packages\/[^/]+\/src\//.test(file)) return {}
    const report = (node: Node, what: string) =>
      context.report({ node, message: `${what} reads the machine's clock: only ${CLOCK} may` })
    return {
      MemberExpression(node) {
        const { object, property } = node
        const known = NOW[object?.name ?? object?.property?.name ?? ''] ?? []
        if (known.includes(property?.name ?? '')) report(node, `${object?.name ?? 'This'}.${property?.name}`)
      },
      NewExpression(node) {
        if (node.callee?.name === 'Date' && node.arguments?.length === 0) report(node, 'new Date()')
      },
      CallExpression(node) {
        if (node.callee?.name === 'Date') report(node, 'Date()')
      },
    }
  },
}

/** What a module exports is to be read in it. */
const namedExports: Rule = {
  create: (context) => ({
    ExportAllDeclaration: (node) => context.report({ node, message: 'name what is exported' }),
  }),
}

export default { meta: { name: 'shepherd' }, rules: { layers, clock, 'named-exports': namedExports } }
