import { systemClock } from '@shepherd-store/core'
import { withClient } from '../postgres/database.ts'
import { type OwnedProcess, startOwned } from '../postgres/owned-process.ts'

/** A standby is up to date within some milliseconds; on a loaded machine within seconds. */
const UNTIL_MS_MAX = 20_000

/** What the process that owns the servers reports first. */
export interface ClusterReport {
  /** The directory of all servers, each with its data and its socket in one of its name. */
  readonly place: string
  readonly password: string
}

/** What it is asked for. */
export interface ClusterOrder {
  readonly id: number
  readonly verb: 'start' | 'stop' | 'copy' | 'write' | 'remove'
  readonly node: string
  readonly settings?: readonly string[]
  /** What is copied. Default: what initdb made. */
  readonly from?: string
  readonly file?: string
  readonly text?: string
}

export interface ClusterAnswer {
  readonly id: number
  readonly failure?: string
}

/** Servers of a test's own, which it may stop, kill and promote. They listen on sockets, so no port can be taken. */
export class Cluster {
  readonly #owned: OwnedProcess<ClusterReport>
  readonly #waiting = new Map<number, (answer: ClusterAnswer) => void>()
  #orders = 0
  #nodes = 0

  private constructor(owned: OwnedProcess<ClusterReport>) {
    this.#owned = owned
    owned.process.on('message', (answer: ClusterAnswer) => this.#waiting.get(answer.id)?.(answer))
    owned.process.on('exit', () => {
      for (const [id, tell] of this.#waiting) tell({ id, failure: 'the process that owns the servers is gone' })
    })
  }

  /** Without a server yet. */
  static async make(): Promise<Cluster> {
    return new Cluster(await startOwned<ClusterReport>(new URL('./cluster-process.ts', import.meta.url)))
  }

  /** A running server with an empty database. `settings`: `name=value`. */
  async addPrimary(settings: readonly string[] = []): Promise<ClusterNode> {
    const primary = this.#newNode()
    await this.order({ verb: 'copy', node: primary.name })
    await primary.start(settings)
    return primary
  }

  /** A running standby of `primary`, made while that is at work. It asks for the log that it lacks by itself. */
  async addStandby(primary: ClusterNode, settings: readonly string[] = []): Promise<ClusterNode> {
    const standby = this.#newNode()
    const label = await withClient(primary.url, async (client) => {
      await client.query(`select pg_backup_start('${standby.name}', fast => true)`)
      await this.order({ verb: 'copy', node: standby.name, from: primary.name })
      const { rows } = await client.query<{ labelfile: string }>('select labelfile from pg_backup_stop(false)')
      return rows[0]?.labelfile ?? ''
    })
    await this.order({ verb: 'write', node: standby.name, file: 'backup_label', text: label })
    await this.order({ verb: 'write', node: standby.name, file: 'standby.signal' })
    const { place, password } = this.#owned.report
    const source = `host=${place}/${primary.name} user=postgres password=${password} application_name=${standby.name}`
    const setting = `primary_conninfo = '${source}'\n`
    await this.order({ verb: 'write', node: standby.name, file: 'postgresql.auto.conf', text: setting })
    await standby.start(settings)
    return standby
  }

  #newNode(): ClusterNode {
    return new ClusterNode(this, `node${(this.#nodes += 1)}`)
  }

  urlOf({ name }: ClusterNode): string {
    const { place, password } = this.#owned.report
    return `postgres://postgres:${password}@${encodeURIComponent(`${place}/${name}`)}/postgres`
  }

  socketOf({ name }: ClusterNode): string {
    return `${this.#owned.report.place}/${name}/.s.PGSQL.5432`
  }

  async order(order: Omit<ClusterOrder, 'id'>): Promise<void> {
    const id = (this.#orders += 1)
    const { channel } = this.#owned.process
    channel?.ref()
    const { failure } = await new Promise<ClusterAnswer>((resolve) => {
      this.#waiting.set(id, resolve)
      this.#owned.process.send({ id, ...order } satisfies ClusterOrder, (error) => {
        if (error !== null) resolve({ id, failure: error.message })
      })
    })
    this.#waiting.delete(id)
    if (this.#waiting.size === 0) channel?.unref()
    if (failure !== undefined) throw new Error(`${order.verb} ${order.node}: ${failure}`)
  }

  /** Leaves no process and no file behind. */
  stop(): Promise<void> {
    return this.#owned.stop()
  }
}

export class ClusterNode {
  readonly #cluster: Cluster
  readonly name: string

  constructor(cluster: Cluster, name: string) {
    this.#cluster = cluster
    this.name = name
  }

  /** Where a superuser connects; it holds a password. */
  get url(): string {
    return this.#cluster.urlOf(this)
  }

  /** The path of its socket, for a proxy. */
  get socket(): string {
    return this.#cluster.socketOf(this)
  }

  /** Resolves when it lets clients in. `settings`: `name=value`. */
  start(settings: readonly string[] = []): Promise<void> {
    return this.#cluster.order({ verb: 'start', node: this.name, settings })
  }

  /** As `pg_ctl stop -m immediate`: a crash. */
  crash(): Promise<void> {
    return this.#cluster.order({ verb: 'stop', node: this.name })
  }

  /** Makes a standby the primary; resolves when it takes writes. */
  async promote(): Promise<void> {
    await withClient(this.url, (client) => client.query('select pg_promote()'))
  }

  /** Has a standby get all that its primary has, and then nothing more, as if the way between the two were gone. */
  async cutOffFrom(primary: ClusterNode): Promise<void> {
    await until(primary, `select bool_and(replay_lsn >= pg_current_wal_lsn()) as yes from pg_stat_replication`)
    await withClient(this.url, async (client) => {
      await client.query('alter system reset primary_conninfo')
      await client.query('select pg_reload_conf()')
    })
    await until(primary, 'select count(*) = 0 as yes from pg_stat_replication')
  }

  /** Removes a server that is stopped. */
  remove(): Promise<void> {
    return this.#cluster.order({ verb: 'remove', node: this.name })
  }
}

/** Asks until the answer is yes. */
async function until({ url }: ClusterNode, question: string): Promise<void> {
  await withClient(url, async (client) => {
    const startedMs = systemClock.monotonicMs()
    while (systemClock.monotonicMs() - startedMs < UNTIL_MS_MAX) {
      const { rows } = await client.query<{ yes: boolean | null }>(question)
      if (rows[0]?.yes === true) return
    }
    throw new Error(`after ${UNTIL_MS_MAX} ms the answer is still no: ${question}`)
  })
}
