import type { AuditHead, AuditVerification, Store } from '@shepherd-store/core'
import type { Command } from 'commander'
import { headArgument } from '../arguments.ts'
import { count } from '../format.ts'
import type { Block, Report } from '../output.ts'
import type { GlobalFlags, Shell } from '../shell.ts'

interface VerifyFlags extends GlobalFlags {
  readonly expectHead?: AuditHead
}

export function addVerify(program: Command, shell: Shell): void {
  program
    .command('verify')
    .description('Check that every record of the log is as it was written, in its place.')
    .option(
      '--expect-head <id:hash>',
      'the head that an earlier run printed: proves that nothing up to it is gone',
      headArgument,
    )
    .addHelpText('after', '\nExample: shepherd-store verify --expect-head 2240:5f0c…')
    .action((_flags: VerifyFlags, command: Command) =>
      shell.run(command, ({ store }) => verify(store, command.optsWithGlobals<VerifyFlags>())),
    )
}

/** Its data is the `AuditVerification` itself. */
async function verify(store: Store, { expectHead: expectedHead }: VerifyFlags): Promise<Report> {
  const verification = await store.verifyAudits({ expectedHead })
  return { data: verification, text: () => verifyText(verification, expectedHead), problems: !verification.intact }
}

function verifyText(
  { checked, head, firstBreak, tail }: AuditVerification,
  expected: AuditHead | undefined,
): readonly Block[] {
  if (firstBreak !== undefined) {
    const good =
      head === undefined ? 'No record before it is good.' : `The records up to ${head.id} are as they were written.`
    return [
      { text: `The log is not intact: ${firstBreak.message} (${firstBreak.problem}).`, style: 'red' },
      good,
      RESTORE,
    ]
  }
  const intact = {
    text: `The log is intact: ${count(checked, 'record')}, each as it was written, in its place.`,
    style: 'green' as const,
  }
  if (head === undefined) return [intact]
  const proven = `Nothing up to record ${expected?.id} was cut off or written anew.`
  return [
    intact,
    ...(tail === 'proven' ? [proven] : []),
    '',
    `Head: ${head.id}:${head.hash}`,
    'The records alone cannot show that the end of the log was cut off, or all of it',
    'written anew: keep the head elsewhere, and give it with --expect-head next time.',
  ]
}

const RESTORE = 'Keep this database as it is, and compare it with a backup.'
