import { describe, expect, test } from 'vitest'
import type { AuditData } from '../src/commands/audit.ts'
import { run, storeWith, tamper, WITHOUT_TRIGGERS } from './command.ts'

function evening(): Promise<string> {
  return storeWith(async (store, clock) => {
    await store.appendAudit({ type: 'policy_loaded', entryCount: 1 })
    clock.advance(5_000)
    await store.appendAudit({
      type: 'session_started',
      sessionId: 'one',
      entryId: 'mc',
      label: 'Mine\u001B[2Jcraft\n',
      deadline: new Date('2026-11-24T12:30:00Z'),
    })
    clock.advance(5_000)
    await store.appendAudit({
      type: 'launch_denied',
      entryId: 'mc',
      reasons: [{ type: 'quota_exhausted', usedMs: 3_600_000, quotaMs: 3_600_000 }],
    })
  })
}

test('shows the last records in the order of the log', async () => {
  const { exitCode, stdout, stderr } = await run(['audit', '--db', await evening()])
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  expect(stdout).toBe(
    [
      '#  When (Europe/Berlin)  What',
      '1  2026-11-24 13:00:00   policy loaded: 1 entry',
      '2  2026-11-24 13:00:05   Mine\\x1b[2Jcraft\\n (mc) started, until 13:30:00',
      '3  2026-11-24 13:00:10   mc denied: 1 h of 1 h used',
      '',
    ].join('\n'),
  )
})

/** The ids that it prints, in their order, and whether it says that there are more. */
async function shown(argv: readonly string[]): Promise<{ readonly ids: readonly number[]; readonly more: boolean }> {
  const { exitCode, stdout, stderr } = await run(['audit', ...argv, '--json'])
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  const { records, more }: AuditData = JSON.parse(stdout)
  return { ids: records.map(({ id }) => id), more }
}

/** Records of `count` starts of the service. */
function starts(count: number): Promise<string> {
  return storeWith(async (store) => {
    const start = { type: 'append_audit', event: { type: 'service_started' } } as const
    for (let left = count; left > 0; left -= 256)
      await store.commit(Array.from({ length: Math.min(left, 256) }, () => start))
  })
}

function range(first: number, last: number): readonly number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index)
}

describe('how many', () => {
  test('are 20, unless -n says so, over pages of the store', async () => {
    const path = await starts(1_280)
    expect(await shown(['--db', path])).toEqual({ ids: range(1_261, 1_280), more: true })
    expect(await shown(['-n', '1100', '--db', path])).toEqual({ ids: range(181, 1_280), more: true })
    expect(await shown(['-n', '1280', '--db', path])).toEqual({ ids: range(1, 1_280), more: false })
  })

  test('with --after: the next ones', async () => {
    const path = await starts(50)
    expect(await shown(['--after', '0', '-n', '3', '--db', path])).toEqual({ ids: [1, 2, 3], more: true })
    expect(await shown(['--after', '40', '--db', path])).toEqual({ ids: range(41, 50), more: false })
    expect(await shown(['--after', '50', '--db', path])).toEqual({ ids: [], more: false })
  })

  test('--reverse turns them round, and chooses no others', async () => {
    const path = await starts(50)
    expect((await shown(['--reverse', '-n', '3', '--db', path])).ids).toEqual([50, 49, 48])
    expect((await shown(['--reverse', '--after', '7', '-n', '3', '--db', path])).ids).toEqual([10, 9, 8])
  })

  test('more of them are told of, and how to get them', async () => {
    const path = await starts(50)
    const { stdout: last } = await run(['audit', '-n', '10', '--db', path])
    expect(last).toMatch(/service started\nThere are earlier ones: -n 20 shows more\.\n$/)
    const { stdout: next } = await run(['audit', '-n', '10', '--after', '5', '--reverse', '--db', path])
    expect(next).toMatch(/service started\nThere are more: --after 15 goes on\.\n$/)
    expect((await run(['audit', '-n', '50', '--db', path])).stdout).not.toContain('There are')
  })
})

test.each(['50', '51', '5000'])('says where the log ends when nothing is behind --after %s', async (after) => {
  const argv = ['audit', '--after', after, '--db', await starts(50)]
  const sentence = 'Nothing that was asked for is recorded in scope default: the log ends with record 50.\n'
  expect(await run(argv)).toEqual({ exitCode: 0, stdout: sentence, stderr: '' })
  expect((await run([...argv, '-n', 'all'])).stdout).toBe(sentence)
})

describe('-n all', () => {
  test('prints the log part by part, under one line of titles', async () => {
    let writes = 0
    const path = await starts(2_500)
    const { exitCode, stdout } = await run(['audit', '-n', 'all', '--db', path], { onOutput: () => (writes += 1) })
    expect({ exitCode, writes }).toEqual({ exitCode: 0, writes: 3 })
    const [titles, ...lines] = stdout.trimEnd().split('\n')
    expect(titles).toBe('   #  When (Europe/Berlin)  Node   What')
    expect(lines).toEqual(
      range(1, 2_500).map((id) => `${String(id).padStart(4)}  2026-11-24 13:00:00   local  service started`),
    )
  })

  test('--json prints a record a line, and of hostile ones too', async () => {
    const path = await storeWith(async (store) => {
      await store.appendAudit({ type: 'other', name: 'odd', data: { text: 'a\nb\u001B[2J\u2028\u202E\u009B' } })
      await store.appendAudit({ type: 'service_stopped' })
    })
    const { stdout } = await run(['audit', '-n', 'all', '--reverse', '--json', '--db', path])
    const lines = stdout.trimEnd().split('\n')
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { id: 2, event: { type: 'service_stopped' } },
      { id: 1, event: { type: 'other', data: { text: 'a\nb\u001B[2J\u2028\u202E\u009B' } } },
    ])
    expect(lines.join('')).not.toMatch(/[\p{Cc}\p{Bidi_Control}\u2028]/u)
  })

  test('goes on behind --after, and finds what cannot be read', async () => {
    const path = await evening()
    tamper(path, `${WITHOUT_TRIGGERS} update audit_log set event = 'x' where id = 2`)
    const { exitCode, stdout } = await run(['audit', '-n', 'all', '--after', '1', '--db', path])
    expect(exitCode).toBe(3)
    expect(stdout).toMatch(/^#  When .*\n2 .* unreadable, .*: x\n3 .*\n$/)
  })

  test('says when nothing is recorded, and prints nothing as JSON', async () => {
    const path = await starts(0)
    expect((await run(['audit', '-n', 'all', '--db', path])).stdout).toBe('Nothing is recorded in scope default.\n')
    expect((await run(['audit', '-n', 'all', '--json', '--db', path])).stdout).toBe('')
  })
})

describe('filters', () => {
  /** Two hours, ten minutes between two records. */
  function afternoon(): Promise<string> {
    return storeWith(async (store, clock) => {
      clock.set('2026-11-24T10:00:00Z')
      const mia = store.view({ scope: 'mia', node: 'attic' })
      for (const [index, by] of [store, mia, store, mia].entries()) {
        const ids = { sessionId: `s${index}`, entryId: index < 2 ? 'chess' : 'mc' }
        await by.appendAudit({ type: 'session_started', ...ids })
        clock.advance(600_000)
        await by.appendAudit({ type: 'session_ended', ...ids, reason: { type: 'user_stop' }, durationMs: 600_000 })
        clock.advance(600_000)
        await by.appendAudit({ type: 'other', name: 'lamp_lit', data: {} })
        clock.advance(600_000)
      }
    })
  }

  test.each([
    [['--all-scopes'], range(1, 12)],
    [[], [1, 2, 3, 7, 8, 9]],
    [
      ['--scope', 'mia'],
      [4, 5, 6, 10, 11, 12],
    ],
    [
      ['--all-scopes', '--node', 'attic'],
      [4, 5, 6, 10, 11, 12],
    ],
    [['--node', 'attic'], []],
    [['--since', '1h', '--all-scopes'], range(7, 12)],
    [
      ['--since', '2026-11-24T10:30Z', '--until', '12:00', '--all-scopes'],
      [4, 5, 6],
    ],
    [
      ['--until', '1h30m ago', '--all-scopes'],
      [1, 2, 3],
    ],
    [['--until', 'today', '--all-scopes'], []],
    [
      ['--type', 'session_started', '--all-scopes'],
      [1, 4, 7, 10],
    ],
    [
      ['--type', 'session_started,lamp_lit', '--type', 'session_ended', '--since', '1h'],
      [7, 8, 9],
    ],
    [['--type', 'lamp_lit', '--all-scopes', '-n', '1'], [12]],
    [
      ['--entry', 'mc', '--all-scopes'],
      [7, 8, 10, 11],
    ],
    [
      ['--session', 's0'],
      [1, 2],
    ],
    [['--entry', 'mc', '--type', 'session_ended', '--after', '8', '--all-scopes'], [11]],
  ])('%j', async (argv, ids) => {
    expect((await shown([...argv, '--db', await afternoon()])).ids).toEqual(ids)
  })

  test('that fit nothing are told in a sentence', async () => {
    const path = await afternoon()
    const { exitCode, stdout } = await run(['audit', '--entry', 'none', '--db', path])
    expect({ exitCode, stdout }).toEqual({
      exitCode: 0,
      stdout: 'Nothing that was asked for is recorded in scope default.\n',
    })
    const all = await run(['audit', '--session', 'none', '--all-scopes', '-n', 'all', '--db', path])
    expect(all.stdout).toBe('Nothing that was asked for is recorded in any scope.\n')
  })

  test('a type that is nearly a known one gets a hint, and is looked for all the same', async () => {
    const path = await storeWith((store) => store.appendAudit({ type: 'other', name: 'sesion_started', data: {} }))
    const { exitCode, stdout, stderr } = await run(['audit', '--type', 'sesion_started,lamp', '--db', path])
    expect({ exitCode, stderr }).toEqual({
      exitCode: 0,
      stderr: "shepherd-store: sesion_started is no event of Shepherd's own; did you mean session_started?\n",
    })
    expect(stdout).toContain('sesion_started {}\n')
  })

  test.each([
    [
      ['--since', '1h', '--until', '2h'],
      /there is no time from 2026-11-24 12:00:00 to 2026-11-24 11:00:00: --since comes/,
    ],
    [['--since', 'now', '--until', 'now'], /there is no time from/],
    [['--since', '30000d'], /30000d is no time from 1970 to 9999/],
    [['--scope', 'mia', '--all-scopes'], /give --scope or --all-scopes, not both/],
    [['--entry', ''], /entryId "" is empty/],
    [['--type', range(1, 33).join(',')], /types/],
  ])('%j is refused', async (argv, sentence) => {
    for (const all of [[], ['-n', 'all']]) {
      const { exitCode, stdout, stderr } = await run(['audit', ...argv, ...all, '--db', await starts(1)])
      expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
      expect(stderr).toMatch(sentence)
    }
  })
})

test('--json has whole records', async () => {
  const { stdout } = await run(['audit', '-n', '1', '--db', await evening(), '--json'])
  expect(JSON.parse(stdout)).toEqual({
    records: [
      {
        id: 3,
        timestamp: '2026-11-24T12:00:10.000Z',
        node: 'local',
        scope: 'default',
        event: {
          type: 'launch_denied',
          entryId: 'mc',
          reasons: [{ type: 'quota_exhausted', usedMs: 3_600_000, quotaMs: 3_600_000 }],
        },
        hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      },
    ],
    more: true,
  })
})

test('shows the node where there are several, and the scope where all are asked for', async () => {
  const path = await storeWith(async (store) => {
    await store.appendAudit({ type: 'service_started' })
    await store.view({ node: 'attic', scope: 'mia' }).appendAudit({ type: 'service_started' })
  })
  const all = await run(['audit', '--db', path, '--all-scopes'])
  expect(all.stdout).toContain(
    '1  2026-11-24 13:00:00   local  default  service started\n2  2026-11-24 13:00:00   attic  mia      service started\n',
  )
  const attic = await run(['audit', '--db', path, '--all-scopes', '--node', 'attic'])
  expect(attic.stdout).not.toContain('local')
})

test('says when nothing is recorded', async () => {
  const { exitCode, stdout } = await run(['audit', '--db', await storeWith(async () => {})])
  expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: 'Nothing is recorded in scope default.\n' })
})

test('a record that cannot be read is shown as such, with exit status 3', async () => {
  const path = await evening()
  tamper(
    path,
    `${WITHOUT_TRIGGERS}
     update audit_log set event = 'x' where id = 1;
     update audit_log set timestamp = 'y' where id = 2`,
  )
  const { exitCode, stdout } = await run(['audit', '--db', path])
  expect(exitCode).toBe(3)
  expect(stdout).toMatch(/\n1 .* unreadable, .*: x\n/)
  expect(stdout).toMatch(/\n2 {2}unreadable .* unreadable, its timestamp is not an instant/)
})
