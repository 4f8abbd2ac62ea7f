import type { Command } from 'commander'

/** Commander takes the options of `parent` for its subcommand, too: one that is not its own would be there in vain. */
export function refuseOptionsOf(parent: Command, command: Command): void {
  const own = command.options.map(({ long }) => long)
  const stray = parent.options.find(
    (option) => parent.getOptionValueSource(option.attributeName()) === 'cli' && !own.includes(option.long),
  )
  if (stray !== undefined) command.error(`unknown option '${stray.long ?? stray.flags}'`)
}
