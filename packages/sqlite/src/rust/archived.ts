import type { Store } from '@shepherd-store/core'

/** Whether the log does not begin at its beginning any more: what an earlier import tells by may have left it. */
export async function isArchived(view: Store): Promise<boolean> {
  const [first] = await view.listAudits({ scope: 'all', limit: 1 })
  return first !== undefined && first.id > 1
}
