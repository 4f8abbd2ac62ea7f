import { readFileSync } from 'node:fs'
import { isStoreError } from '@shepherd-store/core'
import { Command, CommanderError } from 'commander'
import { addAdjust } from './commands/adjust.ts'
import { addAudit } from './commands/audit.ts'
import { addCooldowns } from './commands/cooldowns.ts'
import { addForget } from './commands/forget.ts'
import { addGrant } from './commands/grant.ts'
import { addImport } from './commands/import-rust.ts'
import { addNodes } from './commands/nodes.ts'
import { addPrune } from './commands/prune.ts'
import { addRoles } from './commands/roles.ts'
import { addSessions } from './commands/sessions.ts'
import { addStatus } from './commands/status.ts'
import { addUsage } from './commands/usage.ts'
import { visible } from './format.ts'
import { type Io, processIo } from './io.ts'
import { forPeople, sentenceOf } from './messages.ts'
import { type GlobalFlags, Shell } from './shell.ts'
import { commandsNamed, subcommandsLike } from './subcommand.ts'
import { whereFrom, withoutPassword } from './where.ts'

/** 0: done. 1: failed. 2: called wrongly. 3: done, and something is wrong with what is stored. */
export type ExitCode = 0 | 1 | 2 | 3

/** The command. `argv` is what follows its name. Never rejects: what goes wrong is one sentence on stderr. */
export async function main(argv: readonly string[], io: Io = processIo()): Promise<ExitCode> {
  const shell = new Shell(io)
  const program = createProgram(shell)
  try {
    await program.parseAsync(argv, { from: 'user' })
    return shell.exitCode
  } catch (error) {
    const { message, exitCode } = failureOf(error, program)
    const sentence = withoutPassword(message, whereFrom(program.opts<GlobalFlags>().db, io.env))
    if (message !== '') io.stderr.write(`shepherd-store: ${visible(sentence)}\n`)
    return exitCode
  }
}

function createProgram(shell: Shell): Command {
  const { stdout, stderr } = shell.io
  const program = new Command('shepherd-store')
  program
    .description(
      'Looks into a store of Shepherd: how long, when, why denied, was anything lost or changed; and corrects it.',
    )
    .version(packageVersion())
    .exitOverride()
    .configureHelp({
      showGlobalOptions: true,
      // Not those of a command in between: `sessions recover` does not take the options of `sessions`.
      visibleGlobalOptions: (command) => (command === program ? [] : [...program.options]),
    })
    .configureOutput({
      writeOut: (text) => void stdout.write(text),
      writeErr: (text) => void stderr.write(text),
      // An error is told once, where all of them are.
      outputError: () => {},
      getOutHelpWidth: () => stdout.columns ?? 80,
      getErrHelpWidth: () => stderr.columns ?? 80,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .option(
      '--db <where>',
      'a file, sqlite:PATH, or postgres://USER@HOST/DATABASE (default: see shepherd-store --help)',
    )
    .option('--json', 'print one JSON object, for programs')
    .option('--node <name>', 'the machine: its snapshot, and only its usage, records and sessions')
    .option('--scope <name>', 'whose quota: a child, a household (default: "default")')
    .addHelpText('after', HELP)
  for (const add of COMMANDS) add(program, shell)
  return program
}

/** In the order in which help lists them: what shows, what corrects, what is for the whole. */
const COMMANDS = [
  ...[addStatus, addUsage, addSessions, addNodes, addCooldowns, addAudit],
  ...[addAdjust, addGrant],
  ...[addPrune, addForget, addImport, addRoles],
]

const HELP = `
The database is the one of --db, else of SHEPHERD_STORE_URL in the environment,
else the file shepherd-store.db in SHEPHERD_DATA_DIR, else in shepherdd in the
data directory ($XDG_DATA_HOME, or ~/.local/share).

Exit status: 0 done, 1 failed, 2 called wrongly, 3 done, and something is wrong
with what is stored.

Example: shepherd-store usage --from 2026-11-01 --by week,entry`

function packageVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest ? String(manifest.version) : ''
}

interface Failure {
  /** Empty where everything is said already. */
  readonly message: string
  readonly exitCode: ExitCode
}

function failureOf(error: unknown, program: Command): Failure {
  if (error instanceof CommanderError) return usageFailure(error, program)
  const message = error instanceof Error ? error.message : String(error)
  if (!isStoreError(error)) return { message, exitCode: 1 }
  return { message: forPeople(sentenceOf(error)), exitCode: error.code === 'INVALID_ARGUMENT' ? 2 : 1 }
}

function usageFailure({ code, exitCode, message }: CommanderError, program: Command): Failure {
  // Help and version, asked for; or help in place of a command that was not given.
  if (exitCode === 0) return { message: '', exitCode: 0 }
  if (code === 'commander.help') return { message: '', exitCode: 2 }
  const sentence = message
    .replace(/^error: /, '')
    .replaceAll('\n', ' ')
    .replace(/\.$/, '')
  return { message: `${withSuggestion(sentence, program)}; see shepherd-store --help`, exitCode: 2 }
}

/** Commander suggests commands of the same level alone, and none where one without arguments has commands of its own. */
function withSuggestion(sentence: string, program: Command): string {
  const [, unknown] = /^unknown command '(.*)'$/.exec(sentence) ?? []
  if (unknown !== undefined) return sentence + commandsNamed(program, unknown)
  const [, parentName, argument] = /^too many arguments for '(.*)'\. Expected 0 .*: ([^,]*)/.exec(sentence) ?? []
  const parent = program.commands.find((command) => command.name() === parentName)
  if (argument === undefined || parent === undefined || parent.commands.length === 0) return sentence
  return `unknown command '${parentName} ${argument}'${subcommandsLike(parent, argument)}`
}
