import { argumentCases } from './arguments.ts'
import { auditChainCases } from './audit-chain.ts'
import { auditExportFormatCases } from './audit-export-formats.ts'
import { auditExportCases } from './audit-export.ts'
import { auditFilterPageCases } from './audit-filters-pages.ts'
import { auditFilterCases } from './audit-filters.ts'
import { auditFollowFaultCases } from './audit-follow-faults.ts'
import { auditFollowCases } from './audit-follow.ts'
import { auditForgetAgainCases } from './audit-forget-again.ts'
import { auditForgetMeanwhileCases } from './audit-forget-meanwhile.ts'
import { auditForgetCases } from './audit-forget.ts'
import { auditImportDamageCases } from './audit-import-damage.ts'
import { auditImportLogCases } from './audit-import-log.ts'
import { auditImportCases } from './audit-import.ts'
import { auditLogCases } from './audit-log.ts'
import { auditOtherCases } from './audit-other.ts'
import { auditPageCases } from './audit-pages.ts'
import { auditRecentCases } from './audit-recent.ts'
import { auditRetentionArchiveCases } from './audit-retention-archives.ts'
import { auditRetentionFaultCases } from './audit-retention-faults.ts'
import { auditRetentionCases } from './audit-retention.ts'
import { auditVerifyCases } from './audit-verify.ts'
import { auditCases } from './audit.ts'
import { calendarCases } from './calendar.ts'
import { checkFaultCases } from './check-faults.ts'
import { checkCases } from './check.ts'
import { commitCallCases } from './commit-calls.ts'
import { commitCases } from './commit.ts'
import { concurrencyConflictCases } from './concurrency-conflicts.ts'
import { concurrencyCases } from './concurrency.ts'
import { conditionInstantCases } from './conditions-instant.ts'
import { conditionCases } from './conditions.ts'
import { cooldownCases } from './cooldown.ts'
import { correctionRecordCases } from './corrections-records.ts'
import { correctionCases } from './corrections.ts'
import { dayStateCases } from './day-state.ts'
import { faultyDriverCases } from './faults-driver.ts'
import { faultCases } from './faults.ts'
import { grantCases } from './grants.ts'
import { groupCases } from './groups.ts'
import { bindCase, type CaseDefinition, type Harness, type Sabotage, type StoreCase } from './harness.ts'
import { healthCases } from './health.ts'
import { idPairCases } from './ids-pairs.ts'
import { refusedIdCases } from './ids-refused.ts'
import { idCases } from './ids.ts'
import { lifecycleCreateCases } from './lifecycle-create.ts'
import { lifecycleCases } from './lifecycle.ts'
import { limitCases } from './limits.ts'
import { numberCases } from './numbers.ts'
import { operationAgeCases } from './operations-age.ts'
import { operationMismatchCases } from './operations-mismatch.ts'
import { operationCases } from './operations.ts'
import { periodCases } from './periods.ts'
import { processCases } from './processes.ts'
import { queryCases } from './queries.ts'
import { sessionActiveCases } from './session-active.ts'
import { sessionChangeCases } from './session-changes.ts'
import { sessionClockCases } from './session-clock.ts'
import { sessionContinueCases } from './session-continue.ts'
import { sessionDayCases } from './session-days.ts'
import { sessionDeadlineCases } from './session-deadline.ts'
import { sessionDenialCases } from './session-denial.ts'
import { sessionEndCases } from './session-end.ts'
import { sessionImportCases } from './session-import.ts'
import { nodeListCases, sessionListCases } from './session-list.ts'
import { sessionRecoverCases } from './session-recover.ts'
import { sessionRefusedCases } from './session-refused.ts'
import { sessionReportCases } from './session-report.ts'
import { sessionRunCases } from './session-runs.ts'
import { sessionSpoiledCases } from './session-spoiled.ts'
import { sessionStartCases } from './session-start.ts'
import { sessionStrictLimitCases } from './session-strict-limits.ts'
import { sessionStrictCases } from './session-strict.ts'
import { snapshotCases } from './snapshot.ts'
import { usageListEdgeCases } from './usage-list-edges.ts'
import { usageListCases } from './usage-list.ts'
import { usageCases } from './usage.ts'
import { viewCases } from './views.ts'

export type {
  Harness,
  Place,
  PlaceAddress,
  RawAccess,
  RawAudit,
  RawSession,
  RawUsage,
  Sabotage,
  SpoiledRow,
  StoreCase,
} from './harness.ts'
export { runWorkers, type WorkerJob, type WorkerReport, type WorkersOptions } from './workers.ts'

const definitions: readonly CaseDefinition[] = [
  ...auditCases,
  ...auditOtherCases,
  ...auditLogCases,
  ...auditRecentCases,
  ...auditImportCases,
  ...auditPageCases,
  ...auditFilterCases,
  ...auditFilterPageCases,
  ...auditFollowCases,
  ...auditFollowFaultCases,
  ...auditChainCases,
  ...auditRetentionCases,
  ...auditRetentionArchiveCases,
  ...auditRetentionFaultCases,
  ...auditForgetCases,
  ...auditForgetAgainCases,
  ...auditForgetMeanwhileCases,
  ...auditExportCases,
  ...auditExportFormatCases,
  ...auditImportLogCases,
  ...auditImportDamageCases,
  ...auditVerifyCases,
  ...usageCases,
  ...usageListCases,
  ...usageListEdgeCases,
  ...cooldownCases,
  ...snapshotCases,
  ...dayStateCases,
  ...idCases,
  ...idPairCases,
  ...refusedIdCases,
  ...numberCases,
  ...limitCases,
  ...calendarCases,
  ...argumentCases,
  ...queryCases,
  ...sessionStartCases,
  ...sessionReportCases,
  ...sessionEndCases,
  ...sessionDayCases,
  ...sessionClockCases,
  ...sessionContinueCases,
  ...sessionActiveCases,
  ...sessionRunCases,
  ...sessionRecoverCases,
  ...sessionStrictCases,
  ...sessionStrictLimitCases,
  ...sessionDeadlineCases,
  ...sessionListCases,
  ...nodeListCases,
  ...sessionDenialCases,
  ...sessionChangeCases,
  ...sessionImportCases,
  ...sessionRefusedCases,
  ...sessionSpoiledCases,
  ...correctionCases,
  ...grantCases,
  ...periodCases,
  ...correctionRecordCases,
  ...commitCases,
  ...commitCallCases,
  ...conditionCases,
  ...conditionInstantCases,
  ...operationCases,
  ...operationMismatchCases,
  ...operationAgeCases,
  ...groupCases,
  ...concurrencyCases,
  ...concurrencyConflictCases,
  ...processCases,
  ...lifecycleCases,
  ...lifecycleCreateCases,
  ...viewCases,
  ...healthCases,
  ...checkCases,
  ...checkFaultCases,
  ...faultCases,
  ...faultyDriverCases,
]

/** The whole contract as cases: `for (const { id, run } of storeCases(harness)) test(id, run)`. */
export function storeCases(harness: Harness, sabotage: Sabotage = {}): readonly StoreCase[] {
  return definitions.map((definition) => bindCase(definition, harness, sabotage))
}
