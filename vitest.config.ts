import { join } from 'node:path'
import process from 'node:process'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

const conditions = ['@shepherd-store/source']

/** Many tests start processes, which would each strip the types of the same files again. */
process.env['NODE_COMPILE_CACHE'] ??= join(import.meta.dirname, 'node_modules/.cache/compiled')

/** The conformance suite takes longest: what begins with it does not end with one core at work. */
class SuiteFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isSuite = ({ moduleId }: TestSpecification) =>
      /\/(map|memory|sqlite|sqlite-inline|postgres)\.test\.ts$/.test(moduleId)
    const sorted = await super.sort(files)
    return [...sorted.filter(isSuite), ...sorted.filter((file) => !isSuite(file))]
  }
}

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: ['packages/*/test/**/*.test.ts', 'conformance-tests/**/*.test.ts', 'scripts/*.test.ts'],
    globalSetup: ['conformance-tests/postgres/global-setup.ts'],
    pool: 'forks',
    sequence: { sequencer: SuiteFirst },
    // Tests wait for disks and servers more than they compute: by default one core of two would be idle.
    maxWorkers: '100%',
    testTimeout: 60_000,
    hookTimeout: 60_000,
    execArgv: ['--conditions=@shepherd-store/source'],
  },
})
