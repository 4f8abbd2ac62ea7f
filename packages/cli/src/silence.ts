import type { DurationMs, NodeId, SessionRecord, Store } from '@shepherd-store/core'

/** From when on an open session is one whose machine may be gone: many times what lies between two checkpoints. */
export const SILENT_MS = 600_000

/** For how long nothing was heard of the owners of sessions, as of one look. */
export class Silence {
  readonly #at: Date
  /** How far the clock of each machine is ahead of this one's, where the database has one that both were compared with. */
  readonly #aheadMs: ReadonlyMap<NodeId, number>

  static async read(store: Store): Promise<Silence> {
    const { clockSkewMs: ownMs } = await store.health()
    const nodes = ownMs === undefined ? [] : await store.listNodes()
    const aheadMs = nodes.flatMap(({ node, clockSkewMs }): readonly (readonly [NodeId, number])[] =>
      ownMs === undefined || clockSkewMs === undefined ? [] : [[node, clockSkewMs - ownMs]],
    )
    return new Silence(store.clock.now(), new Map(aheadMs))
  }

  private constructor(at: Date, aheadMs: ReadonlyMap<NodeId, number>) {
    this.#at = at
    this.#aheadMs = aheadMs
  }

  /** Negative: by its machine's clock it was heard of in the future. */
  ofMs({ node, lastReportedAt }: Pick<SessionRecord, 'node' | 'lastReportedAt'>): number {
    return this.#at.getTime() - lastReportedAt.getTime() + this.aheadMs({ node })
  }

  /** How far its machine's clock is ahead of this one's, as far as that is known. */
  aheadMs({ node }: Pick<SessionRecord, 'node'>): number {
    return this.#aheadMs.get(node) ?? 0
  }

  /** A clock far ahead tells no more of its machine than one far behind. */
  isLong(session: SessionRecord): boolean {
    return Math.abs(this.ofMs(session)) >= SILENT_MS
  }

  /** A report whose time cannot be read is none. */
  isShorter(session: SessionRecord, ms: DurationMs): boolean {
    return Math.abs(this.ofMs(session)) < ms
  }
}
