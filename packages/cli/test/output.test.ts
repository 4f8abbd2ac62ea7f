import { expect, test } from 'vitest'
import { type Block, Printer, printReport } from '../src/output.ts'

const TABLE: Block = {
  columns: [{ title: 'Used', align: 'right' }, { title: 'Node' }, { title: 'Entry' }],
  rows: [
    ['1 h 05 min', 'den', '日本語ゲーム'],
    ['5 min', '👨‍👩‍👧', { text: 'lofi', style: 'red' }],
    ['12 s', 'e\u0301', 'a\tb'],
  ],
}

function printed(blocks: readonly Block[], columns?: number, env = {}): string {
  let text = ''
  const report = { data: {}, text: () => blocks, problems: false }
  const terminal = columns === undefined ? {} : { isTTY: true, columns }
  printReport(report, { ...terminal, write: (part) => (text += part) }, { json: false, env })
  return text
}

test('in a pipe a table is aligned by the width of its characters, without colours or blanks at the ends', () => {
  expect(printed([TABLE])).toBe(
    [
      '      Used  Node  Entry',
      '1 h 05 min  den   日本語ゲーム',
      '     5 min  👨‍👩‍👧    lofi',
      '      12 s  e\u0301     a\\tb',
      '',
    ].join('\n'),
  )
})

test('on a terminal it has colours', () => {
  expect(printed([TABLE], 80)).toContain('\u001B[31mlofi\u001B[39m')
})

test.each([{ NO_COLOR: '1' }, { TERM: 'dumb' }])('it has none with %j', (env) => {
  expect(printed([TABLE], 80, env)).toBe(printed([TABLE]))
})

test('a long line in a pipe is neither cut nor wrapped', () => {
  const long = 'word '.repeat(100).trimEnd()
  const table: Block = { columns: [{ title: 'Entry' }, { title: 'What' }], rows: [['lofi', long]] }
  expect(printed([table])).toContain(`lofi   ${long}\n`)
})

test('an escape sequence in a cell or a line is shown, not obeyed', () => {
  expect(printed(['a\u001B[2Jb', { text: 'c\u009Bd\n', style: 'bold' }], 80)).toBe(
    'a\\x1b[2Jb\n\u001B[1mc\\x9bd\\n\u001B[22m\n',
  )
})

test('on a terminal a long last column is wrapped in its place', () => {
  const columns = [{ title: '#', align: 'right' as const }, { title: 'What' }]
  const table: Block = { columns, rows: [['7', 'one two three four five six']] }
  expect(printed([table], 24, { NO_COLOR: '1' })).toBe('#  What\n7  one two three four\n   five six\n')
})

test('what is printed while the work goes on waits for a slow reader, until it is stopped', async () => {
  const events: string[] = []
  let drain = (): void => {}
  const stop = new AbortController()
  const output = {
    writableNeedDrain: true,
    once: (_: 'drain', listener: () => void) => (drain = listener),
    write: (text: string) => events.push(text),
  }
  const printer = new Printer(output, { json: true, env: {}, signal: stop.signal })
  const printing = printer.lines([{ a: 1 }, { a: 'two\n' }]).then(() => events.push('printed'))
  events.push('waits')
  drain()
  await printing
  const stopped = printer.blocks([TABLE]).then(() => events.push('stopped'))
  stop.abort()
  await stopped
  await printer.blocks(['waits no more'])
  expect(events).toEqual([
    '{"a":1}\n{"a":"two\\n"}\n',
    'waits',
    'printed',
    printed([TABLE]),
    'stopped',
    'waits no more\n',
  ])
})
