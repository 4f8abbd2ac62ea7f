import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'

/** Each line that breaks a rule of ours names it. */
const PLANTED: Readonly<Record<string, string>> = {
  'packages/core/src/usage.ts': `
    import 'node:crypto'
    import './day.ts'
    import 'kysely' // layers
    import type {} from 'kysely' // layers
    export {} from 'pg' // layers
    await import('better-sqlite3') // layers
    let database: import('kysely').Kysely<unknown> // layers
    import './sql/index.ts' // layers
    import './conformance/index.ts' // layers
    import 'temporal-polyfill' // layers
    import '@shepherd-store/sqlite' // layers
    export * from './values.ts' // named-exports
    Date.now() // clock
    globalThis.Date.now() // clock
    new Date() // clock
    Date() // clock
    performance.now() // clock
    process.hrtime.bigint() // clock
    new Date(0)
  `,
  'packages/core/src/calendar.ts': `import 'temporal-polyfill'`,
  'packages/core/src/clock.ts': `new Date(Date.now() + performance.now())`,
  'packages/core/src/sql/read.ts': `
    import 'kysely'
    import '../day.ts'
    import './rows.ts'
    import '../conformance/harness.ts' // layers
    import 'pg' // layers
  `,
  'packages/core/src/conformance/usage.ts': `
    import 'node:assert/strict'
    import '../create-store.ts'
    import './harness.ts'
    import 'fast-check' // layers
    import './random-sequences.ts' // layers
    import './random/values.ts' // layers
    import '../sql/index.ts' // layers
  `,
  'packages/core/src/conformance/random-sequences.ts': `import 'fast-check'`,
  'packages/core/src/conformance/random/values.ts': `
    import 'fast-check'
    import '../harness.ts'
    import '../../day.ts'
    import '../../sql/index.ts' // layers
  `,
  'packages/sqlite/src/open.ts': `
    import '@shepherd-store/core'
    import '@shepherd-store/core/sql'
    import '@shepherd-store/core/conformance' // layers
    import '@shepherd-store/core/src/day.ts' // layers
    import '../../core/src/day.ts' // layers
    import '@shepherd-store/postgres' // layers
    import 'pg' // layers
  `,
  'packages/postgres/src/open.ts': `
    import 'pg'
    import '@shepherd-store/sqlite' // layers
  `,
  'packages/memory/src/memory.ts': `
    import '@shepherd-store/sqlite'
    import '@shepherd-store/postgres' // layers
  `,
  'packages/cli/src/table.ts': `
    import '@shepherd-store/postgres'
    import 'pg' // layers
    new Date() // clock
  `,
  'packages/sqlite/test/open.test.ts': `
    import '../src/open.ts'
    import '../../core/src/day.ts' // layers
    new Date()
  `,
  'conformance-tests/usage.test.ts': `
    import '@shepherd-store/core'
    import '../packages/core/src/day.ts' // layers
  `,
}

test('lint refuses every import that the layers forbid, and every look at the clock', () => {
  const expected = Object.entries(PLANTED).flatMap(([file, text]) =>
    text.split('\n').flatMap((line, index) => {
      const rule = line.split(' // ')[1]
      return rule === undefined ? [] : [`${file}:${index + 1} ${rule}`]
    }),
  )
  expect(lint(PLANTED)).toEqual(expected.toSorted())
})

/** What the rules of the plugin find, with the configuration of the repository. */
function lint(files: Readonly<Record<string, string>>): readonly string[] {
  const root = join(import.meta.dirname, '..')
  const place = mkdtempSync(join(tmpdir(), 'shepherd-lint-'))
  try {
    for (const path of ['.oxlintrc.json', 'scripts/oxlint-plugin.ts']) cpSync(join(root, path), join(place, path))
    for (const [file, text] of Object.entries(files)) {
      mkdirSync(dirname(join(place, file)), { recursive: true })
      writeFileSync(join(place, file), text)
    }
    const { stdout, stderr } = spawnSync('oxlint', ['--format', 'json'], { cwd: place, encoding: 'utf8' })
    expect(stderr).toBe('')
    return shepherdFindings(stdout).toSorted()
  } finally {
    rmSync(place, { recursive: true, force: true })
  }
}

function shepherdFindings(report: string): readonly string[] {
  const { diagnostics } = JSON.parse(report) as {
    readonly diagnostics: readonly {
      readonly code: string
      readonly filename: string
      readonly labels: readonly { readonly span: { readonly line: number } }[]
    }[]
  }
  return diagnostics.flatMap(({ code, filename, labels }) => {
    const rule = /^shepherd\((.*)\)$/.exec(code)?.[1]
    return rule === undefined ? [] : [`${filename}:${labels[0]?.span.line} ${rule}`]
  })
}
