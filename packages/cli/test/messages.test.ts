import { StoreError } from '@shepherd-store/core'
import { describe, expect, test } from 'vitest'
import { forPeople, sentenceOf, withPlace } from '../src/messages.ts'

test.each([
  [
    'the log is not as it was written: see verifyAudits; nothing was removed',
    'see shepherd-store audit verify; nothing',
  ],
  ['see what verifyAudits says', 'see what shepherd-store audit verify says'],
  ['read them in the archive, then go on', 'then go on (shepherd-store --db new.db audit import DIRECTORY)'],
  ['Not here: verify their archives.', 'archives (shepherd-store --db new.db audit import DIRECTORY, then '],
  ['line 2 of the source breaks its chain (records 2 to 9 are missing); x', '; x (an export that can be imported '],
])('%j is told as a person does it', (message, part) => {
  expect(forPeople(message)).toContain(part)
})

test.each(['nothing was removed.', '', 'a file\nof two lines.'])('%j stays as it is', (message) => {
  expect(forPeople(message)).toBe(message)
})

test('a sentence does not begin with the method that was called', () => {
  expect(sentenceOf(new StoreError('IO', 'prune: x', { operation: 'prune' }))).toBe('x')
  expect(sentenceOf(new StoreError('IO', 'prune: x'))).toBe('prune: x')
})

describe('a failure on the disk', () => {
  const failed = (cause: object): StoreError =>
    new StoreError('DISK_FULL', 'prune: ENOSPC: no space left on device, write; make room, then try again', {
      operation: 'prune',
      cause: Object.assign(new Error('ENOSPC'), cause),
    })

  test('is told with the place, where it names none', () => {
    expect(withPlace(failed({ code: 'ENOSPC', syscall: 'write' }), '/mnt/archive')).toMatchObject({
      code: 'DISK_FULL',
      message: '/mnt/archive: ENOSPC: no space left on device, write; make room, then try again',
    })
  })

  test.each([
    ['of a file that is named', failed({ code: 'ENOSPC', syscall: 'open', path: '/mnt/archive/x' })],
    ['of the database', failed({ code: 'ERR_SQLITE_ERROR' })],
    ['of another kind', new Error('x')],
  ])('%s stays as it is', (_, error) => {
    expect(withPlace(error, '/mnt/archive')).toBe(error)
  })
})
