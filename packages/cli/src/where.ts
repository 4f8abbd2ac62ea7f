import { homedir } from 'node:os'
import { isAbsolute, join, resolve } from 'node:path'
import { placeOf } from './open-store.ts'

export type Environment = Readonly<Record<string, string | undefined>>

const FILE_NAME = 'shepherd-store.db'

/**
 * Which database is meant: the one of `--db`, else `SHEPHERD_STORE_URL`, else `shepherd-store.db` in
 * `SHEPHERD_DATA_DIR`, else that file where the service `shepherdd` keeps its data. An empty variable counts as none.
 */
export function whereFrom(flag: string | undefined, env: Environment): string {
  return flag ?? (env['SHEPHERD_STORE_URL'] || join(env['SHEPHERD_DATA_DIR'] || dataDirectory(env), FILE_NAME))
}

/** https://specifications.freedesktop.org/basedir-spec/latest/: a relative XDG_DATA_HOME is to be ignored. */
function dataDirectory(env: Environment): string {
  const xdg = env['XDG_DATA_HOME'] ?? ''
  return join(isAbsolute(xdg) ? xdg : join(env['HOME'] || homedir(), '.local', 'share'), 'shepherdd')
}

/** The database as people may see it: a file by its whole path, a URL without its password. */
export function shownWhere(where: string): string {
  const place = placeOf(where)
  return place.backend === 'sqlite' ? resolve(place.path) : masked(where)
}

/** `text` with the password of `where` masked, wherever it stands. */
export function withoutPassword(text: string, where: string): string {
  const [, password = ''] = USER_PASSWORD.exec(where)?.slice(1) ?? []
  const whole = text.replaceAll(where, () => masked(where))
  // A password of one or two letters occurs in words.
  return password.length < 3 ? whole : whole.replaceAll(password, MASK)
}

function masked(url: string): string {
  return url.replace(USER_PASSWORD, `$1${MASK}@`).replace(/([?&][^=&]*pass[^=&]*=)[^&]*/gi, `$1${MASK}`)
}

const MASK = '***'
/** Up to the last `@`: a password that should have been percent-encoded is still one. */
const USER_PASSWORD = /^([a-z]+:(?:\/\/)?[^:@/]*:)(.*)@/i
