import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { test } from 'vitest'

const ROOT = resolve(import.meta.dirname, '..')

/** The TypeScript examples of a document, as they stand there. */
function examplesIn(document: string): readonly string[] {
  const text = readFileSync(join(ROOT, document), 'utf8')
  return [...text.matchAll(/^```ts\n(.*?)^```/gms)].map(([, code]) => code ?? '')
}

/** What the example prints. Its files lie in a directory of their own. */
function run(code: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'shepherd-readme-'))
  try {
    const inDirectory = code.replaceAll(/'(\w+\.db)'/g, (_, name: string) => JSON.stringify(join(directory, name)))
    return execFileSync(process.execPath, [...process.execArgv, '--input-type=module-typescript', '-e', inDirectory], {
      cwd: import.meta.dirname,
      encoding: 'utf8',
    })
  } finally {
    rmSync(directory, { recursive: true })
  }
}

test('the example of the README runs', () => {
  const [example = ''] = examplesIn('README.md')
  assert.match(run(example), /^2 \S+ session_ended\n1 \S+ session_started\n$/)
})

test('the example of the memory package runs', () => {
  const [example = ''] = examplesIn('packages/memory/README.md')
  assert.equal(run(example), '1000\n')
})
