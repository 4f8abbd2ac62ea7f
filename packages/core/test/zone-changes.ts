const MS_PER_DAY = 86_400_000
/** No zone has changed its clock twice within so many days. */
const STEP_MS = 5 * MS_PER_DAY
const FROM_MS = Date.UTC(1970, 0, 1)
const TO_MS = Date.UTC(2038, 0, 1)

/** Every zone that this machine knows. */
export const ZONES: readonly string[] = [...Intl.supportedValuesOf('timeZone'), 'UTC']

/**
 * The instants from 1970 to 2037 at which the clocks of the zone change, in milliseconds: the first with the new
 * offset. Told by `Intl` alone, of which the calendar knows nothing.
 */
export function changesOf(timeZone: string): readonly number[] {
  const format = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' })
  // The date stands before it: `1/1/1970, GMT-00:44:30`.
  const offsetAt = (ms: number) => format.format(ms).split('GMT')[1]
  const changes: number[] = []
  let offset = offsetAt(FROM_MS)
  for (let ms = FROM_MS + STEP_MS; ms < TO_MS; ms += STEP_MS) {
    const next = offsetAt(ms)
    if (next === offset) continue
    let [before, after] = [ms - STEP_MS, ms]
    while (after - before > 1) {
      const middle = Math.floor((before + after) / 2)
      if (offsetAt(middle) === offset) before = middle
      else after = middle
    }
    changes.push(after)
    offset = next
  }
  return changes
}
