import { writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import process from 'node:process'
import { systemClock } from '@shepherd-store/core'
import { optionsFrom, USAGE } from './arguments.ts'
import { contest, isWithinLimit, type Result } from './contest.ts'
import { machine } from './machine.ts'
import { openPlace } from './place.ts'
import { rows } from './rows.ts'
import { tableOf } from './table.ts'

const options = optionsFrom(process.argv.slice(2), rows)
if ('problem' in options) {
  console.error(`${options.problem}\n${USAGE}`)
  process.exit(2)
}
if (options.list) for (const { id, title } of rows) console.log(`${id.padEnd(22)}${title}`)
else await run(options)

/** Measures, prints, and removes what it made, also when it is interrupted. */
async function run({ chosen, json, check }: Exclude<typeof options, { readonly problem: string }>): Promise<void> {
  const place = openPlace()
  let interrupted = false
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      interrupted = true
      void place.close().finally(() => process.exit(128 + constants.signals[signal]))
    })
  }
  const results: Result[] = []
  try {
    for (const [index, row] of chosen.entries()) {
      process.stderr.write(`${index + 1} of ${chosen.length}: ${row.id} `)
      const startedMs = systemClock.monotonicMs()
      const result = await contest(row, place)
      results.push(result)
      const seconds = ((systemClock.monotonicMs() - startedMs) / 1_000).toFixed(1)
      process.stderr.write(`${result.notMeasured ?? result.contenders[0]?.ratio.median.toFixed(3)} (${seconds} s)\n`)
      place.clear()
    }
  } catch (error) {
    // What is taken away from under a contender fails it.
    if (!interrupted) throw error
  } finally {
    await place.close()
  }
  if (interrupted) return
  const facts = machine()
  console.log(`${facts.cpu}, ${facts.cores} cores; Node ${facts.node}; SQLite ${facts.sqlite}\n\n${tableOf(results)}`)
  if (json !== undefined) {
    const report = results.map((result) => ({ ...result, withinLimit: isWithinLimit(result) }))
    writeFileSync(json, `${JSON.stringify({ machine: facts, rows: report }, undefined, 2)}\n`)
  }
  if (check && !results.every(isWithinLimit)) process.exitCode = 1
}
