import { type AuditHead, type AuditVerification, isStoreError, type Store, StoreError } from '@shepherd-store/core'
import type { Command } from 'commander'
import { lookAtHeads, withEarlierHeads } from '../earlier-heads.ts'
import { count, jsonLine } from '../format.ts'
import { type HeadFile, headFileArgument } from '../head-file.ts'
import type { Io } from '../io.ts'
import { forPeople } from '../messages.ts'
import type { Block, Report } from '../output.ts'
import { progressLine } from '../progress.ts'
import type { GlobalFlags, Shell } from '../shell.ts'
import { refuseOptionsOf } from '../subcommand.ts'

interface VerifyFlags extends GlobalFlags {
  readonly expectHead?: HeadFile
  readonly from?: HeadFile
  readonly part?: boolean
}

export function addAuditVerify(audit: Command, shell: Shell): void {
  audit
    .command('verify')
    .description('Check that every record of the log is as it was written, in its place.')
    .option(
      '--expect-head <file>',
      'heads that audit head has printed before: prove that nothing up to the last is gone or written anew',
      headFileArgument,
    )
    .option('--part', 'it is a part of a log, imported: what tells of its beginning, or of erasures, may be elsewhere')
    .option(
      '--from <file>',
      'such a head, the last of the file, up to which the log was found good: goes on from there',
      headFileArgument,
    )
    .addHelpText(
      'after',
      '\nExamples: shepherd-store audit head >> /mnt/kept/heads.jsonl' +
        '\n          shepherd-store audit verify --expect-head /mnt/kept/heads.jsonl',
    )
    .action((_flags: VerifyFlags, called: Command) => {
      refuseOptionsOf(audit, called)
      const flags = called.optsWithGlobals<VerifyFlags>()
      return shell.interruptible((signal) =>
        shell.run(called, ({ store }) => verify(store, flags, { io: shell.io, signal })),
      )
    })
}

interface Verifying {
  readonly io: Io
  /** Aborted at Ctrl-C. */
  readonly signal: AbortSignal
}

/** Its data is the `AuditVerification` itself, and what the earlier heads of the file tell. */
async function verify(store: Store, flags: VerifyFlags, { io, signal }: Verifying): Promise<Report> {
  const { expectHead, part } = flags
  const from = flags.from?.last
  const line = progressLine(io.stderr)
  let good = from
  try {
    const earlier = await lookAtHeads(store, expectHead?.earlier ?? [])
    const verified = await store.verifyAudits({
      ...{ expectedHead: expectHead?.last, from, part, signal },
      onProgress({ checked, total, head }) {
        good = head
        line.show({ phase: 'verified', done: checked, total })
      },
    })
    const verification = withEarlierHeads(verified, earlier)
    return {
      data: verification,
      text: () => verifyText(verification, flags),
      problems: !verification.intact || isUnproven(verification, flags),
    }
  } catch (error) {
    if (isStoreError(error, 'ABORTED') && good !== undefined) throw stopped(good, error)
    throw error
  } finally {
    line.end()
  }
}

/** A head was given, and does not lie in what was read. */
function isUnproven({ tail }: AuditVerification, { expectHead, from }: VerifyFlags): boolean {
  return tail !== 'proven' && (expectHead !== undefined || from !== undefined)
}

function stopped(good: AuditHead, cause: StoreError): StoreError {
  const message = `the verification was stopped; to go on from there, write ${jsonLine(good)} into a file and give it with --from`
  return new StoreError('ABORTED', message, { cause })
}

function verifyText(verification: AuditVerification, flags: VerifyFlags): readonly Block[] {
  const { head, firstBreak, blindSpots } = verification
  const spots: readonly Block[] =
    blindSpots.length === 0
      ? []
      : [
          '',
          'What this cannot show:',
          { columns: [{ title: '' }, { title: '' }], rows: blindSpots.map((spot) => [' -', forPeople(spot)]) },
        ]
  if (firstBreak === undefined) return [...intactText(verification, flags), ...spots]
  return [
    { text: `The log is not intact: ${firstBreak.message} (${firstBreak.problem}).`, style: 'red' },
    head === undefined ? 'No record before it is good.' : `The records up to ${head.id} are as they were written.`,
    RESTORE,
    ...spots,
  ]
}

const RESTORE = 'Keep this database as it is, and compare it with a backup.'

function intactText(verification: AuditVerification, flags: VerifyFlags): readonly Block[] {
  const { checked, erased, head, tail } = verification
  const { expectHead, from } = flags
  const erasures = erased === 0 ? '' : `, ${count(erased, 'of them erased', 'of them erased')}`
  const text = `The log is intact: ${count(checked, 'record')}${erasures}, each as it was written, in its place.`
  const knownId = Math.max(expectHead?.last.id ?? 0, from?.last.id ?? 0)
  return [
    { text, style: 'green' },
    ...(tail === 'proven' ? [`Nothing up to record ${knownId} was cut off or written anew.`] : []),
    ...(isUnproven(verification, flags) ? [{ text: unprovenText(knownId), style: 'yellow' } as const] : []),
    ...(head === undefined
      ? []
      : ['', 'Its head, which shepherd-store audit head >> FILE keeps elsewhere:', jsonLine(head)]),
  ]
}

function unprovenText(knownId: number): string {
  return `The head of record ${knownId} proves nothing here: the log begins behind it. Look for it in the archives, or give a later one.`
}
