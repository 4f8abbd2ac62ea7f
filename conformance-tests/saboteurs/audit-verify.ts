import { GENESIS_HASH, isStoreError, type OwnedStore, type VerifyOptions } from '@shepherd-store/core'
import type { Sabotage } from '@shepherd-store/core/conformance'
import { onStore, type Saboteur } from './saboteur.ts'

/** Defects in what a verification goes on from, tells of on the way, and promises; and in the head that it is given. */
export const auditVerifySaboteurs: readonly Saboteur[] = [
  {
    name: 'verification-from-the-beginning',
    plants: 'reads the whole log, although it was to go on from a head',
    caughtBy: 'audit-verify/from/goes-on-from-a-head-and-proves-it',
    sabotage: onVerification((sound, { from, ...options }) =>
      sound.verifyAudits(from === undefined ? options : { expectedHead: from, ...options }),
    ),
  },
  {
    name: 'verification-behind-the-head',
    plants: 'goes on behind a head without a look at its record',
    caughtBy: 'audit-verify/from/a-head-with-another-hash-differs',
    sabotage: onVerification(async (sound, options) => {
      const { firstBreak, ...found } = await sound.verifyAudits(options)
      const isOfHead = firstBreak?.problem === 'head_differs' && firstBreak.id === options.from?.id
      if (isOfHead) return { ...(await sound.verifyAudits()), tail: 'proven' }
      return { ...found, ...(firstBreak && { firstBreak }) }
    }),
  },
  {
    name: 'verification-of-nothing',
    plants: 'finds a log intact that ends before the head from which it is to go on',
    caughtBy: 'audit-verify/from/beyond-the-end-is-missing',
    sabotage: onVerification(async (sound, options) => {
      const { firstBreak, ...found } = await sound.verifyAudits(options)
      return firstBreak?.problem === 'head_missing' && options.from !== undefined
        ? { ...found, intact: true }
        : { ...found, ...(firstBreak && { firstBreak }) }
    }),
  },
  {
    name: 'verification-up-to-the-head',
    plants: 'finds every break before the head, and none behind it',
    caughtBy: 'audit-verify/from/reads-what-comes-behind-and-nothing-before',
    sabotage: onVerification(async (sound, options) => {
      const { firstBreak, ...found } = await sound.verifyAudits(options)
      const isBehind = options.from !== undefined && (firstBreak?.id ?? 0) > options.from.id
      return isBehind ? { ...found, intact: true } : { ...found, ...(firstBreak && { firstBreak }) }
    }),
  },
  {
    name: 'verification-without-progress',
    plants: 'says nothing until it has ended',
    caughtBy: 'audit-verify/progress/tells-how-far-it-is-and-from-where-to-go-on',
    sabotage: onVerification((sound, { onProgress: _, ...options }) => sound.verifyAudits(options)),
  },
  {
    name: 'progress-ahead-of-itself',
    plants: 'names a record as found good that it has not looked at',
    caughtBy: 'audit-verify/progress/tells-how-far-it-is-and-from-where-to-go-on',
    sabotage: onVerification((sound, { onProgress, ...options }) =>
      sound.verifyAudits({
        ...options,
        onProgress: ({ head, ...progress }) => onProgress?.({ ...progress, head: { ...head, id: head.id + 1 } }),
      }),
    ),
  },
  {
    name: 'verification-deaf',
    plants: 'does not stop when it is aborted',
    caughtBy: 'audit-verify/signal/stops-it-without-a-result',
    sabotage: onVerification((sound, { signal: _, ...options }) => sound.verifyAudits(options)),
  },
  {
    name: 'verification-stopped-and-intact',
    plants: 'calls a log intact of which it has seen a part',
    caughtBy: 'audit-verify/signal/stops-it-quietly-when-the-database-fails-as-well',
    sabotage: onVerification(async (sound, options) => {
      try {
        return await sound.verifyAudits(options)
      } catch (error) {
        if (!isStoreError(error, 'ABORTED')) throw error
        return { intact: true, checked: 0, erased: 0, tail: 'unproven', blindSpots: [] }
      }
    }),
  },
  {
    name: 'verification-that-knows-everything',
    plants: 'names nothing that it cannot detect',
    caughtBy: 'audit-verify/blind-spots/are-named-unless-the-whole-is-proven',
    sabotage: onVerification(async (sound, options) => ({ ...(await sound.verifyAudits(options)), blindSpots: [] })),
  },
  {
    name: 'verification-of-any-options',
    plants: 'passes over an option that it does not know',
    caughtBy: 'audit-verify/arguments/malformed-ones-are-refused',
    sabotage: onVerification((sound, options) => {
      if (typeof options !== 'object' || options === null || Array.isArray(options)) return sound.verifyAudits(options)
      const { expectedHead, from, signal, onProgress } = options
      return sound.verifyAudits({ expectedHead, from, signal, onProgress })
    }),
  },
  {
    name: 'head-of-the-scope',
    plants: 'takes the last record of its scope for the end of the log',
    caughtBy: 'audit-verify/head/is-the-end-of-the-whole-log',
    sabotage: onStore((sound) => ({
      async auditHead() {
        const [last] = await sound.getRecentAudits(1)
        return last && { id: last.id, hash: last.hash }
      },
    })),
  },
  {
    name: 'head-of-nothing',
    plants: 'makes up a head for an empty log',
    caughtBy: 'audit-verify/head/is-the-end-of-the-whole-log',
    sabotage: onStore((sound) => ({
      auditHead: async () => (await sound.auditHead()) ?? { id: 0, hash: GENESIS_HASH },
    })),
  },
]

function onVerification(
  verify: (sound: OwnedStore, options: VerifyOptions) => ReturnType<OwnedStore['verifyAudits']>,
): Sabotage {
  return onStore((sound) => ({ verifyAudits: (options = {}) => verify(sound, options) }))
}
