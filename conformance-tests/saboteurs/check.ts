import { type CheckPlace, type CheckStep, isStoreError, type StoreDriver, StoreError } from '@shepherd-store/core'
import { onDriver, onStore, type Saboteur } from './saboteur.ts'

/** Defects in what a check of everything looks at, and in what it tells. */
export const checkSaboteurs: readonly Saboteur[] = [
  {
    name: 'check-that-is-always-content',
    plants: 'calls everything sound',
    caughtBy: 'check/spoiled/names-every-row-that-cannot-be-read',
    sabotage: onStore((sound) => ({
      check: async (options) => ({ ...(await sound.check(options)), sound: true, problems: [], problemCount: 0 }),
    })),
  },
  {
    name: 'check-of-the-first-step',
    plants: 'looks at one part of what is stored, and at no other',
    caughtBy: 'check/spoiled/names-every-row-that-cannot-be-read',
    sabotage: onDriver((sound) => ({
      async check(place) {
        const { next: _, ...step } = await checked(sound, place)
        return step
      },
    })),
  },
  {
    name: 'check-of-one-page',
    plants: 'looks at a page of each table, and calls the rest sound',
    caughtBy: 'check/sound/looks-at-every-page',
    sabotage: onDriver((sound) => ({
      async check(place) {
        const step = await checked(sound, place)
        const firstPage = 1_000
        return step.checked <= firstPage
          ? { ...step, problems: place?.after === undefined ? step.problems : [] }
          : { ...step, checked: firstPage, problems: [] }
      },
    })),
  },
  {
    name: 'check-of-its-own-scope',
    plants: 'tells nothing of rows of other scopes',
    caughtBy: 'check/spoiled/names-every-row-that-cannot-be-read',
    sabotage: onStore((sound) => ({
      async check(options) {
        const report = await sound.check(options)
        const problems = report.problems.filter(({ part }) => part.includes(JSON.stringify(sound.scope)))
        return { ...report, sound: problems.length === 0, problems, problemCount: problems.length }
      },
    })),
  },
  {
    name: 'check-that-throws-what-it-finds',
    plants: 'ends with an error at what is damaged, and tells nothing of the rest',
    caughtBy: 'check/spoiled/names-every-row-that-cannot-be-read',
    throws: 'MALFORMED',
    sabotage: onStore((sound) => ({
      async check(options) {
        const report = await sound.check(options)
        const problem = report.problems.find(({ code }) => code === 'MALFORMED')
        if (problem !== undefined) throw new StoreError('MALFORMED', problem.message)
        return report
      },
    })),
  },
  {
    name: 'check-without-the-log',
    plants: 'looks at the tables, and not at the log',
    caughtBy: 'check/log/names-the-record-that-was-changed-and-what-is-gone',
    sabotage: onStore((sound) => ({
      async check(options) {
        const { audits: _, ...report } = await sound.check(options)
        const problems = report.problems.filter(({ part }) => !part.startsWith('audit_log'))
        return { ...report, sound: problems.length === 0, problems, problemCount: problems.length }
      },
    })),
  },
  {
    name: 'check-that-repairs',
    plants: 'sets anew what it cannot read',
    caughtBy: 'check/trace/leaves-none',
    sabotage: onStore((sound) => ({
      async check(options) {
        const report = await sound.check(options)
        for (const { part } of report.problems) {
          if (!part.startsWith('cooldowns')) continue
          const [scope = '', entryId = ''] = JSON.parse(part.slice('cooldowns '.length)) as string[]
          await sound.view({ scope }).clearCooldown(entryId)
        }
        return report
      },
    })),
  },
  {
    name: 'check-that-cannot-be-stopped',
    plants: 'goes on to its end, whatever its signal says',
    caughtBy: 'check/signal/stops-it-without-a-report',
    sabotage: onStore((sound) => ({ check: ({ signal: _, ...options } = {}) => sound.check(options) })),
  },
  {
    name: 'check-that-is-content-without-a-database',
    plants: 'calls sound what it could not look at',
    caughtBy: 'check/failing/rejects-where-nobody-could-look',
    sabotage: onStore((sound) => ({
      check: (options) =>
        sound.check(options).catch((error: unknown) => {
          if (!isStoreError(error, 'UNAVAILABLE')) throw error
          return sound.check(options)
        }),
    })),
  },
]

/** What the sound driver finds. One that knows no check has nothing to sabotage. */
async function checked(sound: StoreDriver, place: CheckPlace | undefined): Promise<CheckStep> {
  return (await sound.check?.(place)) ?? { part: 'nothing', checked: 0, problems: [], blindSpots: [] }
}
