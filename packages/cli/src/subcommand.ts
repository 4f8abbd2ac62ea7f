import type { Command } from 'commander'
import { isNear } from './spelling.ts'

/** Commander takes the options of `parent` for its subcommand, too: one that is not its own would be there in vain. */
export function refuseOptionsOf(parent: Command, command: Command): void {
  const own = command.options.map(({ long }) => long)
  const stray = parent.options.find(
    (option) => parent.getOptionValueSource(option.attributeName()) === 'cli' && !own.includes(option.long),
  )
  if (stray !== undefined) command.error(`unknown option '${stray.long ?? stray.flags}'`)
}

/** Commands of other commands that go by this name: ` (Did you mean audit verify?)`. */
export function commandsNamed(program: Command, name: string): string {
  const paths = program.commands.flatMap((parent) =>
    parent.commands.filter((command) => command.name() === name).map((command) => `${parent.name()} ${command.name()}`),
  )
  return didYouMean(paths)
}

/** Those of `parent` whose names are like this one. */
export function subcommandsLike(parent: Command, name: string): string {
  const near = parent.commands.map((command) => command.name()).filter((each) => isNear(name, each))
  return didYouMean(near.map((each) => `${parent.name()} ${each}`))
}

function didYouMean(names: readonly string[]): string {
  return names.length === 0 ? '' : ` (Did you mean ${names.join(' or ')}?)`
}
