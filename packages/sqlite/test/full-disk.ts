import { isMainThread } from 'node:worker_threads'
import Database from 'better-sqlite3'

/**
 * Loaded before a program: its connections find the disk full as soon as the file has to grow. It is SQLite's own limit,
 * so that the error is SQLite's own; no other way fills a disk without the rights of an administrator.
 */
const { pragma } = Database.prototype
const isWriter = process.argv.at(-1) === 'inline' || !isMainThread

if (isWriter) {
  Database.prototype.pragma = function (this: Database.Database, source, options) {
    const result: unknown = pragma.call(this, source, options)
    // No less than the file has now: https://sqlite.org/pragma.html#pragma_max_page_count
    if (source.startsWith('journal_size_limit =')) pragma.call(this, 'max_page_count = 1')
    return result
  }
}
