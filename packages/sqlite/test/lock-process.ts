import process from 'node:process'
import Database from 'better-sqlite3'

/** A process of its own that holds the write lock of the file that it is given, until it is told to let go. */
const database = new Database(process.argv[2])
database.exec('begin immediate')
process.once('message', () => {
  database.exec('rollback')
  database.close()
  process.disconnect()
})
// Whoever started it has gone, and nobody else would end it.
process.once('disconnect', () => process.exit())
process.send?.('locked')
