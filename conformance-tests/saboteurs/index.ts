import type { Sabotage } from '@shepherd-store/core/conformance'
import { auditFilterSaboteurs } from './audit-filters.ts'
import { auditFollowSaboteurs } from './audit-follow.ts'
import { auditVerifySaboteurs } from './audit-verify.ts'
import { auditSaboteurs } from './audit.ts'
import { checkSaboteurs } from './check.ts'
import { commitSaboteurs } from './commit.ts'
import { cooldownSaboteurs, snapshotSaboteurs } from './cooldown.ts'
import { copySaboteurs } from './copies.ts'
import { correctionSaboteurs, periodSaboteurs } from './corrections.ts'
import { errorSaboteurs } from './errors.ts'
import { lifecycleSaboteurs } from './lifecycle.ts'
import { operationSaboteurs } from './operations.ts'
import { logWorkSaboteurs } from './retention.ts'
import { onDriver, onStore, type Saboteur } from './saboteur.ts'
import { sessionEndSaboteurs } from './session-ends.ts'
import { sessionListSaboteurs } from './session-lists.ts'
import { sessionStartSaboteurs } from './session-starts.ts'
import { sessionStrictSaboteurs } from './session-strict.ts'
import { sessionSaboteurs } from './session.ts'
import { textSaboteurs } from './texts.ts'
import { usageSaboteurs } from './usage.ts'

export type { Saboteur } from './saboteur.ts'

/** A sound store behind the same proxies: the control. */
export const noSabotage: Sabotage = { ...onDriver(() => ({})), ...onStore(() => ({})) }

/**
 * Stores with one planted defect each: what the suite is tested by. Each is a sound store behind a proxy, so they work
 * on every backend. A defect that no case finds is a gap in the suite.
 */
export const saboteurs: readonly Saboteur[] = [
  ...commitSaboteurs,
  ...operationSaboteurs,
  ...usageSaboteurs,
  ...sessionSaboteurs,
  ...sessionStartSaboteurs,
  ...sessionEndSaboteurs,
  ...sessionStrictSaboteurs,
  ...sessionListSaboteurs,
  ...correctionSaboteurs,
  ...periodSaboteurs,
  ...cooldownSaboteurs,
  ...snapshotSaboteurs,
  ...auditSaboteurs,
  ...auditFilterSaboteurs,
  ...auditFollowSaboteurs,
  ...auditVerifySaboteurs,
  ...logWorkSaboteurs,
  ...textSaboteurs,
  ...copySaboteurs,
  ...errorSaboteurs,
  ...lifecycleSaboteurs,
  ...checkSaboteurs,
]
