import { StoreError } from '@shepherd-store/core'
import type { Command } from 'commander'
import type { Shell } from '../shell.ts'
import { refuseOptionsOf } from '../subcommand.ts'

export function addAuditHead(audit: Command, shell: Shell): void {
  audit
    .command('head')
    .description(
      'Print the end of the log, in one line of JSON: kept where nobody can change it, it proves later that nothing up ' +
        'to it was changed or cut off.',
    )
    .addHelpText('after', '\nExample: shepherd-store audit head >> /mnt/kept/heads.jsonl')
    .action((_flags: object, called: Command) => {
      refuseOptionsOf(audit, called)
      return shell.stream(called, async ({ store }, printer) => {
        const head = await store.auditHead()
        if (head === undefined) throw new StoreError('NOT_FOUND', 'nothing is recorded yet: the log has no head')
        await printer.lines([head])
        return { problems: false }
      })
    })
}
