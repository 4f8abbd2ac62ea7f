import type { PostgresRoles } from '@shepherd-store/postgres'
import type { Command } from 'commander'
import { type Block, printReport } from '../output.ts'
import type { GlobalFlags, Shell } from '../shell.ts'

type RolesFlags = GlobalFlags & PostgresRoles

/** What `roles --json` prints. */
interface RolesData {
  readonly sql: string
}

/** It needs no database: whoever runs what it prints may be somebody else. */
export function addRoles(program: Command, shell: Shell): void {
  program
    .command('roles')
    .description(
      'Print the SQL that splits the rights to a store on PostgreSQL: who owns it, who writes to it, who reads it.',
    )
    .option('--schema <name>', 'the schema of the tables', 'shepherd')
    .option('--owner <role>', 'migrates, removes what is archived, forgets scopes', 'shepherd_owner')
    .option('--application <role>', 'writes, and appends to the log; cannot change the log', 'shepherd_application')
    .option('--reader <role>', 'reads', 'shepherd_reader')
    .addHelpText(
      'after',
      '\nExample: shepherd-store roles | psql --set ON_ERROR_STOP=1 postgres://postgres@db/shepherd',
    )
    .action(async (_flags: RolesFlags, command: Command) => {
      // Loaded when it is used, as every backend.
      const { postgresRoles } = await import('@shepherd-store/postgres')
      const { schema, owner, application, reader, json = false } = command.optsWithGlobals<RolesFlags>()
      const data: RolesData = { sql: postgresRoles({ schema, owner, application, reader }) }
      const text = (): readonly Block[] => data.sql.trimEnd().split('\n')
      printReport({ data, text, problems: false }, shell.io.stdout, { json, env: shell.io.env })
    })
}
