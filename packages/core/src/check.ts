import type { AuditVerification } from './audit-verification.ts'
import type { CheckOptions, CheckProblem, CheckProgress, CheckReport } from './check-report.ts'
import { damageIn } from './damage.ts'
import { nextTurn, untilAborted } from './deadline.ts'
import type { CheckPlace } from './driver.ts'
import type { Engine } from './engine.ts'
import { isStoreError, StoreError } from './errors.ts'
import { LIMITS } from './limits.ts'
import type { StopSignal } from './stop-signal.ts'
import { verifyLog } from './verify.ts'

/** The log first, then, step by step, whatever the driver can tell of the rest. */
export async function checkStore(engine: Engine, checkedAt: Date, options: CheckOptions): Promise<CheckReport> {
  const findings = new Findings()
  const audits = await findings.during('audit_log', () => checkLog(engine, options))
  if (audits !== undefined) findings.seeLog(audits)
  await checkRest(engine, findings, options)
  return findings.report(checkedAt, audits)
}

async function checkLog(engine: Engine, options: CheckOptions): Promise<AuditVerification> {
  const { expectedHead, signal, onProgress } = options
  try {
    return await verifyLog(engine, {
      expectedHead,
      signal,
      onProgress: ({ checked }) => onProgress?.({ part: 'audit_log', checked }),
    })
  } catch (error) {
    // A verification would go on from a head.
    throw isStoreError(error, 'ABORTED') ? stopped() : error
  }
}

async function checkRest(engine: Engine, findings: Findings, { signal, onProgress }: CheckOptions): Promise<void> {
  if (engine.driver.check === undefined) {
    findings.blindSpots.push('Everything beside the log: this backend tells nothing of the rest of its database.')
    return
  }
  const progress = new Progress(onProgress)
  let place: CheckPlace | undefined
  do {
    const at: CheckPlace | undefined = place
    const step = await findings.during(at?.part ?? 'the database', () => nextStep(engine, at, signal))
    if (step === undefined) {
      findings.blindSpots.push('What was to be looked at behind the part that could not be read.')
      return
    }
    findings.problems.push(...step.problems.slice(0, findings.room))
    findings.count += step.problems.length
    findings.blindSpots.push(...step.blindSpots)
    progress.show(step.part, step.checked)
    place = step.next
    await nextTurn()
  } while (place !== undefined)
  findings.blindSpots.push(
    'Rows beside the log that were changed into others which can be read: nothing but the log is proven by a digest.',
  )
}

async function nextStep(engine: Engine, place: CheckPlace | undefined, signal: StopSignal | undefined) {
  // What nobody awaits any more is not begun.
  const step = signal?.aborted === true ? undefined : await untilAborted(engine.check(place), signal)
  if (step === undefined || signal?.aborted === true) throw stopped()
  return step
}

function stopped(): StoreError {
  return new StoreError('ABORTED', 'the check was stopped, and what it found is not told; begin it again')
}

class Findings {
  readonly problems: CheckProblem[] = []
  readonly blindSpots: string[] = []
  count = 0

  get room(): number {
    return LIMITS.CHECK_PROBLEMS_MAX - this.problems.length
  }

  /** `undefined`: it could not be read, as what is stored there is damaged. @throws StoreError when nobody could look. */
  async during<T>(part: string, look: () => Promise<T>): Promise<T | undefined> {
    try {
      return await look()
    } catch (error) {
      const problem = damageIn(part, error)
      if (problem === undefined) throw error
      this.#add(problem)
      return undefined
    }
  }

  seeLog({ firstBreak, blindSpots }: AuditVerification): void {
    this.blindSpots.push(...blindSpots)
    if (firstBreak === undefined) return
    const { id, problem } = firstBreak
    const message = `${firstBreak.message} (${problem}); keep this database as it is, and compare it with a backup`
    this.#add({ code: 'MALFORMED', part: `audit_log [${id}]`, message })
    if (id > 0) this.blindSpots.push(`The records behind ${id}: the log was read up to its first break.`)
  }

  report(checkedAt: Date, audits: AuditVerification | undefined): CheckReport {
    const { problems, blindSpots, count } = this
    return {
      sound: count === 0,
      checkedAt,
      problems: [...problems],
      problemCount: count,
      ...(audits === undefined ? {} : { audits }),
      blindSpots: [...blindSpots],
    }
  }

  #add(problem: CheckProblem): void {
    this.count += 1
    if (this.room > 0) this.problems.push(problem)
  }
}

/** Rows are counted for each part by itself. */
class Progress {
  readonly #tell: ((progress: CheckProgress) => void) | undefined
  #part = ''
  #checked = 0

  constructor(tell: ((progress: CheckProgress) => void) | undefined) {
    this.#tell = tell
  }

  show(part: string, checked: number): void {
    this.#checked = (part === this.#part ? this.#checked : 0) + checked
    this.#part = part
    this.#tell?.({ part, checked: this.#checked })
  }
}
