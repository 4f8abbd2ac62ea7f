import { spawnSync } from 'node:child_process'

/** What CI runs, in this order; the first step that fails ends it. `npm run check -- --skip test` leaves a step out. */
const STEPS = ['build', 'types', 'lint', 'format:check', 'unused', 'test', 'test:packages']

const [option, ...skipped] = process.argv.slice(2)
if ((option !== undefined && option !== '--skip') || skipped.some((step) => !STEPS.includes(step))) {
  console.error(`usage: npm run check [-- --skip STEP …], where STEP is one of ${STEPS.join(', ')}`)
  process.exit(2)
}

for (const step of STEPS) {
  if (skipped.includes(step)) continue
  console.log(`== ${step}`)
  const { status } = spawnSync('npm', ['run', '--silent', step], { stdio: 'inherit' })
  if (status !== 0) {
    console.error(`== ${step} failed`)
    process.exit(1)
  }
}
