import { type Calendar, createCalendar, sessionKey, usageKey } from '@shepherd-store/core'
import type { Harness, RawAccess, SpoiledRow } from '@shepherd-store/core/conformance'
import { MapData } from './map-data.ts'
import { mapDriver } from './map-driver.ts'

export const mapHarness: Harness = {
  name: 'map',
  async createPlace() {
    const data = new MapData()
    let calendar: Calendar | undefined
    return {
      async openDriver({ calendar: { timeZone = 'UTC', dayStart = '00:00' } }) {
        calendar ??= createCalendar({ timeZone, dayStart })
        return mapDriver(data, calendar)
      },
      raw: rawMaps(data),
      async destroy() {},
    }
  },
}

function rawMaps(data: MapData): RawAccess {
  return {
    async audits() {
      return data.audits.map((row) => ({ ...row, salt: row.salt ?? null, timestamp: row.timestamp.toISOString() }))
    },
    async usage() {
      return [...data.usage.values()]
    },
    async sessions() {
      return [...data.sessions.values()].map((row) => ({ ...row, endedAt: row.endedAt?.toISOString() ?? null }))
    },
    async spoil(row) {
      spoil(data, row)
    },
  }
}

function spoil(data: MapData, row: SpoiledRow): void {
  switch (row.table) {
    case 'usage':
      for (const usage of data.usage.values()) {
        const same =
          usage.scope === row.scope && usage.day === row.day && usage.entryId === row.entryId && usage.node === row.node
        if (same) usage.durationMs = -5
      }
      break
    case 'cooldown':
      for (const [key, cooldown] of data.cooldowns) {
        if (cooldown.scope === row.scope && cooldown.entryId === row.entryId) {
          data.cooldowns.set(key, { ...cooldown, until: new Date(Number.NaN) })
        }
      }
      break
    case 'session': {
      const key = sessionKey(row)
      const session = data.sessions.get(key)
      const spoiled = { lastReportedAt: new Date(Number.NaN), text: '{"label":7}' }
      if (session !== undefined) data.sessions.set(key, { ...session, ...spoiled })
      break
    }
    case 'grant': {
      const grant = data.grants.get(usageKey(row))
      if (grant !== undefined) grant.durationMs = -5
      break
    }
    case 'snapshot': {
      const key = JSON.stringify([row.scope, row.node])
      const snapshot = data.snapshots.get(key)
      if (snapshot !== undefined) data.snapshots.set(key, { ...snapshot, text: '{"timestamp":7}' })
      break
    }
    case 'audit': {
      const index = data.audits.findIndex(({ id }) => id === row.id)
      const audit = data.audits[index]
      if (audit !== undefined) data.audits[index] = { ...audit, text: '{"type":"session_ended"}' }
      break
    }
  }
}
