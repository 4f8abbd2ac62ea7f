import { brokenOf, isOver } from './claims.ts'
import { idsOf } from './messages.ts'
import type { Model } from './model.ts'
import type { World } from './world.ts'

/**
 * The world without what nothing depends on any more, so that worlds which differ in nothing else are one: of what was
 * forgotten, what the store was told all the same; and sessions that are over, once every claim about them was found to
 * hold. So the ways in which one may end are not multiplied by those of the other.
 */
export function tidied(world: World, model: Model): World {
  let tidy = withoutTold(world)
  for (const session of [0, 1]) if (model.putsAway && isOver(session, tidy)) tidy = putAway(session, tidy, model)
  return tidy
}

function withoutTold(world: World): World {
  const { forgotten, told } = world
  if (forgotten.every((ticks) => ticks === 0)) return world
  const still = forgotten.map((ticks, index) => ticks & ~(told[index] ?? 0))
  return still.every((ticks, index) => ticks === forgotten[index]) ? world : { ...world, forgotten: still }
}

function putAway(session: number, world: World, model: Model): World {
  const ids = idsOf(session)
  if (!world.rows.sessions.has(ids.sessionId) || brokenOf(session, world, model) !== undefined) return world
  const never = (ticks: readonly number[]) => ticks.map((known, index) => (index === session ? 0 : known))
  return {
    ...world,
    rows: model.rows.without(world.rows, ids),
    ...{ played: never(world.played), told: never(world.told), forgotten: never(world.forgotten) },
  }
}
