import { importRustStore, type RustImportOptions } from '@shepherd-store/sqlite/rust'
import { expect, test } from 'vitest'
import { openTestStore, plainAudits, writeRustDatabase } from './rust-database.ts'

/** As a program in plain JavaScript may pass them. */
const importing = importRustStore as (...args: readonly unknown[]) => Promise<unknown>

test.each<readonly [what: string, options: unknown]>([
  ['an unknown option', { foo: 1 }],
  ['a mistyped option, which would import for real', { dryrun: true }],
  ['dryRun that is not boolean', { dryRun: 'yes' }],
  ['dryRun null', { dryRun: null }],
  ['onProgress that is no function', { onProgress: 'show' }],
  ['a signal that is none', { signal: { aborted: false } }],
  ['the controller in place of its signal', { signal: new AbortController() }],
  ['a node that is no id', { node: 5 }],
  ['an empty node', { node: '' }],
  ['null in place of options', null],
  ['a list in place of options', []],
])('refuses %s, and writes nothing', async (_, options) => {
  const { store, rows } = await openTestStore()
  const before = rows()
  const path = writeRustDatabase({ audits: plainAudits(1) })
  await expect(importing(path, store, options)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  expect(rows()).toEqual(before)
})

test.each<readonly [what: string, path: unknown]>([
  ['no path', undefined],
  ['a number', 5],
  ['an empty path', ''],
  ['a path with NUL', 'shepherdd.db\0'],
])('refuses %s', async (_, path) => {
  const { store } = await openTestStore()
  await expect(importing(path, store)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
})

test.each<readonly [what: string, store: unknown]>([
  ['no store', undefined],
  ['null', null],
  ['an object that is no store', {}],
  ['the path of a store', 'store.db'],
])('refuses %s as the store', async (_, store) => {
  const path = writeRustDatabase({ audits: plainAudits(1) })
  await expect(importing(path, store)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
})

test('takes options that are undefined for those that are left out', async () => {
  const { store } = await openTestStore()
  const options: RustImportOptions = { dryRun: undefined, onProgress: undefined, node: undefined, signal: undefined }
  const { dryRun } = await importRustStore(writeRustDatabase({ audits: plainAudits(1) }), store, options)
  expect(dryRun).toBe(false)
})
