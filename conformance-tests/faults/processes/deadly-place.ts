import process from 'node:process'
import type { CalendarOptions, StoreDriver } from '@shepherd-store/core'
import type { PlaceAddress } from '@shepherd-store/core/conformance'

/** A write, counted from 1, at which a process ends itself: before it is made, or when it has been made, and nobody knows. */
export interface OwnKill {
  readonly write: number
  readonly when: 'before' | 'after'
}

/** The place for a process that ends itself, by SIGKILL, at one of its writes. */
export function deadlyAddress(address: PlaceAddress, kill: OwnKill): PlaceAddress {
  return { module: import.meta.url, location: JSON.stringify({ address, kill } satisfies DeadlyLocation) }
}

interface DeadlyLocation {
  readonly address: PlaceAddress
  readonly kill: OwnKill
}

/** How a process opens a place by its `address`. */
export async function openDriver(
  location: string,
  options: { readonly calendar: CalendarOptions },
): Promise<StoreDriver> {
  const { address, kill } = JSON.parse(location) as DeadlyLocation
  const module = (await import(address.module)) as { readonly openDriver: typeof openDriver }
  const driver = await module.openDriver(address.location, options)
  let writes = 0
  return {
    ...driver,
    async write(units) {
      writes += 1
      if (writes === kill.write && kill.when === 'before') await endNow()
      const outcomes = await driver.write(units)
      if (writes === kill.write && kill.when === 'after') await endNow()
      return outcomes
    },
  }
}

/** Never resolves. */
function endNow(): Promise<void> {
  process.kill(process.pid, 'SIGKILL')
  return new Promise(() => {})
}
