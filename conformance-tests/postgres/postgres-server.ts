export interface PostgresServer {
  /** Where a role that may create databases connects. It may hold a password: do not print it. */
  readonly url: string
  readonly source: 'url' | 'docker' | 'embedded'
  /** Leaves no process and no file behind. A server given by its URL is left as it is. */
  stop(): Promise<void>
}
