import { StoreError } from './errors.ts'

/** Below it the drivers of the databases crash, or do not load. */
const NODE_VERSION_MIN = [22, 14] as const

/** To be called before a database's driver is used. @throws StoreError `UNSUPPORTED` on a Node older than 22.14. */
export function requireSupportedNode(version: string = process.versions.node): void {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major > NODE_VERSION_MIN[0] || (major === NODE_VERSION_MIN[0] && minor >= NODE_VERSION_MIN[1])) return
  throw new StoreError(
    'UNSUPPORTED',
    `shepherd-store needs Node ${NODE_VERSION_MIN.join('.')} or newer, and this is ${version}`,
  )
}
