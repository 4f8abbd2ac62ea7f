import { expect, test } from 'vitest'
import { typesLike } from '../src/event-types.ts'

test.each([
  ['sesion_started', ['session_started']],
  ['session_strated', ['session_started']],
  ['session-ended', ['session_ended']],
  ['SessionEnded', ['session_ended']],
  ['launch_denied_', ['launch_denied']],
  ['service_start', ['service_started']],
  ['denied', ['launch_denied']],
  ['cooldown', ['cooldown_cleared']],
  ['client', ['client_connected', 'client_disconnected']],
])('%s may be meant as one of %j', (name, types) => {
  expect(typesLike(name)).toEqual(types)
})

test.each([
  'session_started',
  'scope_forgotten',
  'erased',
  'lamp_lit',
  'end',
  'toString',
  '',
  '日本語ゲーム',
  'x'.repeat(256),
])('%s is taken as it is', (name) => {
  expect(typesLike(name)).toEqual([])
})
