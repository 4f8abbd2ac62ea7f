import { migrationsFrom } from '@shepherd-store/core/sql'
import { expect, test } from 'vitest'
import { postgresFlavor } from '../src/flavor.ts'

test('what leads to each version of the schema stays as it was shipped', async () => {
  const statements = migrationsFrom(0, postgresFlavor('shepherd')).map(({ sql }) => `${sql.trim()};\n`)
  await expect(statements.join('')).toMatchFileSnapshot('migrations.sql')
})
