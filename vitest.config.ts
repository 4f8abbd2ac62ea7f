import { defineConfig } from 'vitest/config'

const conditions = ['@shepherd-store/source']

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: ['packages/*/test/**/*.test.ts', 'conformance-tests/**/*.test.ts', 'scripts/*.test.ts'],
    globalSetup: ['conformance-tests/postgres/global-setup.ts'],
    pool: 'forks',
    // Tests wait for disks and servers more than they compute: by default one core of two would be idle.
    maxWorkers: '100%',
    testTimeout: 60_000,
    hookTimeout: 60_000,
    execArgv: ['--conditions=@shepherd-store/source'],
  },
})
