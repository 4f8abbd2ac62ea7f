import { statfsSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import process from 'node:process'

/** File systems that lie on another machine, by the numbers that Linux gives them. https://man7.org/linux/man-pages/man2/statfs.2.html */
const NETWORK: ReadonlyMap<number, string> = new Map([
  [0x69_69, 'NFS'],
  [0x51_7b, 'SMB'],
  [0xfe_53_4d_42, 'SMB'],
  [0xff_53_4d_42, 'CIFS'],
  [0x01_02_19_97, '9P'],
  [0x53_46_41_4f, 'AFS'],
  [0x6b_41_46_53, 'AFS'],
  [0x73_75_72_45, 'Coda'],
  [0x56_4c, 'NCP'],
  [0x00_c3_64_00, 'Ceph'],
  [0x47_50_46_53, 'GPFS'],
  [0x0b_d0_0b_d0, 'Lustre'],
])

/**
 * Warns, by `process.emitWarning`, of a file that lies on another machine: SQLite's locks and its shared memory do not
 * reach over a network, and processes of two machines would destroy the file. One machine alone may use it, at its own risk.
 * And of one that has several names: each has a log of its own, so who opens it by another one loses what is in this.
 */
export function warnOfPlace(file: string): void {
  const network = networkOf(file)
  if (network !== undefined) {
    const message = `${file} is on a network file system (${network}), where SQLite keeps no promise: use a local disk`
    process.emitWarning(message, { type: WARNING, code: 'SHEPHERD_NETWORK_FILE_SYSTEM' })
  }
  const { nlink: names = 1 } = statSync(file, { throwIfNoEntry: false }) ?? {}
  if (names === 1) return
  const message = `${file} has ${names} names (hard links): open it by this one alone, and copy it rather than link it`
  process.emitWarning(message, { type: WARNING, code: 'SHEPHERD_HARD_LINKS' })
}

const WARNING = 'ShepherdStoreWarning'

function networkOf(file: string): string | undefined {
  if (process.platform !== 'linux') return undefined
  try {
    return NETWORK.get(statfsSync(dirname(file)).type >>> 0)
  } catch {
    // Whatever keeps it from being told: it is no reason not to open the file.
    return undefined
  }
}
