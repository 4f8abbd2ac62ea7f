import { migrationsFrom, SCHEMA_VERSION } from '@shepherd-store/core/sql'
import { expect, test } from 'vitest'
import { sqliteFlavor } from '../src/flavor.ts'

test('what leads to each version of the schema stays as it was shipped', async () => {
  const versions = Array.from({ length: SCHEMA_VERSION }, (_, index) => {
    const statements = migrationsFrom(index, sqliteFlavor)
    const own = statements.slice(0, statements.length - migrationsFrom(index + 1, sqliteFlavor).length)
    return own.map(({ sql }) => `${sql.trim()};\n`).join('')
  })
  const pinned = versions.map((text, index) => (index === 0 ? text : `-- Version ${index + 1}.\n${text}`))
  await expect(pinned.join('')).toMatchFileSnapshot('migrations.sql')
})
