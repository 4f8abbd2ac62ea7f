import assert from 'node:assert/strict'
import { openPostgresStore, postgresRoles } from '@shepherd-store/postgres'
import { inject, test } from 'vitest'
import { assertRefused, createLogPlace, run } from './postgres-log.ts'
import { createDatabase } from './postgres/database.ts'

const place = await createLogPlace(inject('postgresUrl'))
const { roles, url } = place
const application = place.urlOf('application')

test('may be run again, and takes back what was granted meanwhile', async () => {
  await run(url, `grant all on all tables in schema shepherd to ${roles.application}, public`)
  await run(url, postgresRoles(roles))
  await assertRefused(place, () => run(application, 'delete from shepherd.audit_log'), /^42501 /)
  await assertRefused(place, () => run(place.urlOf('reader'), 'delete from shepherd.audit_log'), /^42501 /)
  assert.equal(await place.application.isHealthy(), true)
})

test('can be run by the owner itself', async () => {
  await run(place.urlOf('owner'), postgresRoles(roles))
  assert.equal(await place.application.isHealthy(), true)
})

test.each([
  ['a member of the owner', `grant ${roles.owner} to ${roles.application}`, /a member of/],
  ['a superuser', `alter role ${roles.application} superuser`, /a superuser/],
  ['a role that makes others', `alter role ${roles.application} createrole`, /may create roles/],
  [
    'a member of one that writes everywhere',
    place.serverVersion >= 140_000
      ? `grant pg_write_all_data to ${roles.application}`
      : `create role of_${roles.owner}; grant delete on shepherd.audit_log to of_${roles.owner};
         grant of_${roles.owner} to ${roles.application}`,
    /has rights to the log by another role/,
  ],
])('fails, and changes nothing, when the application is %s', async (_, change, reason) => {
  // What is done here is undone with it.
  const inside = postgresRoles(roles).replace('begin;', '').replace('commit;', '')
  await assert.rejects(run(url, `begin; ${change}; ${inside} commit`), reason)
  assert.equal(await place.application.isHealthy(), true)
})

test('hands to the owner what another role has made, and is one that a role without superuser rights can run', async () => {
  const { url: other, drop } = await createDatabase(inject('postgresUrl'))
  const names = Object.fromEntries(Object.entries(roles).map(([role, name]) => [role, `b${name}`])) as typeof roles
  const manager = `manager_${roles.owner}`
  const database = new URL(other).pathname.slice(1)
  await run(
    other,
    `create role ${manager} login createrole password 'secret'; grant create on database ${database} to ${manager}`,
  )
  try {
    const managers = Object.assign(new URL(other), { username: manager, password: 'secret' }).href
    const first = await openPostgresStore(managers, { node: 'hub', schema: 'kids' })
    await first.appendAudit({ type: 'service_started' })
    await first.close()
    await run(managers, postgresRoles({ schema: 'kids', ...names }))
    const foreign = await run(
      other,
      `select relname as name from pg_class where relnamespace = 'kids'::regnamespace and relowner <> '${names.owner}'::regrole
       union all
       select proname from pg_proc where pronamespace = 'kids'::regnamespace and proowner <> '${names.owner}'::regrole`,
    )
    assert.deepEqual(foreign, [])
    await run(other, `alter role ${names.application} password 'secret'`)
    const where = Object.assign(new URL(other), { username: names.application, password: 'secret' }).href
    const store = await openPostgresStore(where, { node: 'hub', schema: 'kids', migrate: 'never' })
    assert.equal((await store.appendAudit({ type: 'service_stopped' })).id, 2)
    await store.close()
  } finally {
    const all = [...Object.values(names), manager].join(', ')
    await drop()
    await run(url, `drop role ${all}`)
  }
})
