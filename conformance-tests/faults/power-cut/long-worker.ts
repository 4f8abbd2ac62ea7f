import process from 'node:process'
import { say } from '../write.ts'
import { openSite, type Site } from './site.ts'
import { CUT_WORKS, type CutWorkName } from './works.ts'

export interface LongWorkerTask {
  readonly name: CutWorkName
  readonly site: Site
  readonly source: string
}

/** Does the work, and says when it was told that it is done. */
async function perform({ name, site, source }: LongWorkerTask): Promise<void> {
  const store = await openSite(site)
  await CUT_WORKS[name].perform(store, site, source)
  say('done')
  await store.close()
}

await perform(JSON.parse(process.argv[2] ?? '') as LongWorkerTask)
