import { compareText, type NodeRecord, type Store } from '@shepherd-store/core'
import type { Command } from 'commander'
import { skewCell } from '../clock-skew.ts'
import { ago, instantFormat, number } from '../format.ts'
import type { Block, Report } from '../output.ts'
import { openSessions } from '../session-list.ts'
import type { Shell } from '../shell.ts'

/** What `nodes --json` prints. */
interface NodesData {
  /** When it looked, by the clock that `lastSeenAt` is of. */
  readonly at: Date
  /** Whether the database has a clock of its own, with which those of the machines are compared. */
  readonly comparesClocks: boolean
  /** In the order of their names. */
  readonly nodes: readonly NodeData[]
}

interface NodeData extends Pick<NodeRecord, 'node' | 'clockSkewMs'> {
  /** Absent when it has not reported yet: of a session that was imported. */
  readonly lastSeenAt?: Date
  /** Sessions of every scope. */
  readonly openSessions: number
}

export function addNodes(program: Command, shell: Shell): void {
  program
    .command('nodes')
    .description(
      'Show the machines that had sessions: when each was last heard of, how right its clock is, what is open.',
    )
    .addHelpText('after', '\nExample: shepherd-store nodes --db postgres://shepherd@db.school.example/shepherd')
    .action((_flags: unknown, command: Command) => shell.run(command, ({ store }) => nodes(store)))
}

async function nodes(store: Store): Promise<Report> {
  const [records, open, { clockSkewMs }] = await Promise.all([store.listNodes(), openSessions(store), store.health()])
  const count = new Map<string, number>()
  for (const { node } of open) count.set(node, (count.get(node) ?? 0) + 1)
  const unheard = [...count.keys()].filter((node) => records.every((record) => record.node !== node))
  const data: NodesData = {
    at: new Date(store.clock.now().getTime() - (clockSkewMs ?? 0)),
    comparesClocks: clockSkewMs !== undefined || records.some((record) => record.clockSkewMs !== undefined),
    nodes: [...records, ...unheard.map((node) => ({ node }))]
      .map((record) => ({ ...record, openSessions: count.get(record.node) ?? 0 }))
      .toSorted((a, b) => compareText(a.node, b.node)),
  }
  return {
    data,
    text: () => nodesText(data, store.calendar.timeZone),
    problems: records.some(({ lastSeenAt }) => Number.isNaN(lastSeenAt.getTime())),
  }
}

function nodesText({ at, comparesClocks, nodes: listed }: NodesData, timeZone: string): readonly Block[] {
  if (listed.length === 0) return ['No machine has reported on a session.']
  const instant = instantFormat(timeZone)
  const right = { align: 'right' } as const
  return [
    {
      columns: [
        { title: `Heard of (${timeZone})` },
        { title: 'That is', ...right },
        ...(comparesClocks ? [{ title: 'Clock', ...right }] : []),
        { title: 'Open', ...right },
        { title: 'Node' },
      ],
      rows: listed.map(({ node, lastSeenAt, clockSkewMs, openSessions: open }) => [
        lastSeenAt === undefined ? 'not yet' : instant(lastSeenAt),
        lastSeenAt === undefined ? '' : ago(at.getTime() - lastSeenAt.getTime()),
        ...(comparesClocks ? [clockSkewMs === undefined ? '' : skewCell(clockSkewMs)] : []),
        number(open),
        node,
      ]),
    },
    '',
    comparesClocks
      ? "Clock: how far the machine's was from the database's when it last reported."
      : 'The clocks of machines are not compared: this database has none of its own.',
  ]
}
