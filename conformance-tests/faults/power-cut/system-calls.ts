/**
 * What a process did to files, as a disk sees it, and what it wrote to its output. In the order in which calls returned:
 * a sync is taken to cover all that returned before it, though another thread may have begun that behind it.
 */
export type FileEvent =
  | { readonly type: 'unlink' | 'mkdir'; readonly path: string }
  /** If it is not there; if it is, it may be emptied. */
  | { readonly type: 'create'; readonly path: string; readonly isEmptied: boolean }
  | { readonly type: 'rename'; readonly path: string; readonly to: string }
  /** Without an offset: behind what stands in the file. */
  | { readonly type: 'write'; readonly path: string; readonly offset?: number; readonly bytes: Buffer }
  | { readonly type: 'truncate'; readonly path: string; readonly size: number }
  /** Of a file or a directory. One that failed may have written some of it, and never will the rest. */
  | { readonly type: 'sync' | 'failed_sync'; readonly path: string; readonly count: number }
  | { readonly type: 'said'; readonly text: string }

/** Calls that change files too, and that nobody here makes: a recording that has one would be untrue. */
const UNKNOWN = [
  ...['pwritev', 'pwritev2', 'copy_file_range', 'sendfile', 'fallocate', 'truncate', 'creat', 'open'],
  ...['link', 'linkat', 'symlink', 'symlinkat', 'renameat', 'renameat2', 'mkdirat', 'rmdir'],
]
/** The calls of which a log has to tell. What is not a call of this kind of machine is passed over. */
export const TRACED = [
  ...['openat', 'mkdir', 'pwrite64', 'write', 'writev', 'ftruncate', 'fsync', 'fdatasync'],
  ...['unlink', 'unlinkat', 'rename', ...UNKNOWN.map((name) => `?${name}`)],
]

/** How strace is to write the log: paths of descriptors, every text in hexadecimal and whole. */
export const STRACE_FORMAT = ['--seccomp-bpf', '-y', '-xx', '-s', '1000000']

/**
 * What the lines of strace's log tell of the directory `root`, of what is below it, and of the output. A sync tells the
 * how manieth of its thread it is: by that it can be made to fail.
 */
export async function* fileEvents(log: AsyncIterable<string>, root: string): AsyncIterable<FileEvent> {
  const counts = new Map<string, number>()
  for await (const call of systemCalls(log)) {
    if (UNKNOWN.includes(call.name) && !call.returned.startsWith('-1') && call.given.includes(hexOf(`${root}/`)))
      throw new Error(`the disk knows nothing of ${call.name}, which changed a file: ${call.given.slice(0, 1_000)}`)
    const key = `${call.thread} ${call.name}`
    const count = (counts.get(key) ?? 0) + 1
    counts.set(key, count)
    const event = fileEvent(call, count)
    if (event === undefined) continue
    if (event.type === 'said' || `${event.path}/`.startsWith(`${root}/`)) yield event
  }
}

interface SystemCall {
  readonly thread: string
  readonly name: string
  readonly given: string
  /** What it returned, and behind it what strace says of that. */
  readonly returned: string
}

/** Calls that another thread interrupts in the log, are put together. */
async function* systemCalls(log: AsyncIterable<string>): AsyncIterable<SystemCall> {
  const begun = new Map<string, string>()
  for await (const line of log) {
    const [, thread = '', text = ''] = /^(\d+) +(.*)$/.exec(line) ?? []
    const [, start] = /^(.*) <unfinished \.\.\.>$/.exec(text) ?? []
    if (start !== undefined) {
      begun.set(thread, start)
      continue
    }
    const [, rest] = /^<\.\.\. \w+ resumed>(.*)$/.exec(text) ?? []
    const whole = rest === undefined ? text : (begun.get(thread) ?? '') + rest
    const [, name, given, returned] = /^(\w+)\((.*)\) += (\S.*)$/.exec(whole) ?? []
    if (name !== undefined && given !== undefined && returned !== undefined) yield { thread, name, given, returned }
  }
}

function fileEvent({ name, given, returned }: SystemCall, count: number): FileEvent | undefined {
  const hasFailed = returned.startsWith('-1')
  const texts = [...given.matchAll(/"((?:\\x[0-9a-f]{2})*)"/g)].map(([, hex = '']) => bytesOf(hex))
  const [first = '', second = ''] = texts.map((bytes) => bytes.toString())
  const descriptor = pathOf(given)
  const written = () => {
    const bytes = Buffer.concat(texts)
    const count = Number.parseInt(returned, 10)
    if (bytes.length < count) throw new Error(`the log tells ${bytes.length} of ${count} bytes that were written`)
    return bytes.subarray(0, count)
  }
  switch (name) {
    case 'fsync':
    case 'fdatasync':
      return { type: hasFailed ? 'failed_sync' : 'sync', path: descriptor, count }
    case 'openat':
      if (hasFailed || !/O_CREAT|O_TRUNC/.test(given)) return undefined
      return { type: 'create', path: pathOf(returned), isEmptied: given.includes('O_TRUNC') }
    case 'mkdir':
      return hasFailed ? undefined : { type: 'mkdir', path: first }
    case 'unlink':
    case 'unlinkat':
      return hasFailed ? undefined : { type: 'unlink', path: first }
    case 'rename':
      return hasFailed ? undefined : { type: 'rename', path: first, to: second }
    case 'ftruncate':
      return hasFailed ? undefined : { type: 'truncate', path: descriptor, size: lastNumber(given) }
    case 'pwrite64':
      if (hasFailed) return undefined
      return { type: 'write', path: descriptor, offset: lastNumber(given), bytes: written() }
    case 'write':
    case 'writev':
      if (hasFailed) return undefined
      return given.startsWith('1<')
        ? { type: 'said', text: written().toString() }
        : { type: 'write', path: descriptor, bytes: written() }
    default:
      return undefined
  }
}

/** The path that strace tells of a descriptor, `20</a/b>`. */
function pathOf(text: string): string {
  return bytesOf(/^\d+<((?:\\x[0-9a-f]{2})*)>/.exec(text)?.[1] ?? '').toString()
}

function hexOf(text: string): string {
  return Buffer.from(text)
    .toString('hex')
    .replaceAll(/../g, String.raw`\x$&`)
}

function bytesOf(hex: string): Buffer {
  return Buffer.from(hex.replaceAll('\\x', ''), 'hex')
}

function lastNumber(given: string): number {
  return Number(/(\d+)$/.exec(given)?.[1])
}
