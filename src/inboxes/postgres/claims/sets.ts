/** The sets of handlers that deliveries belong to, each stored once. */
import { belongingAt } from '../../rules/belonging.ts'
import type { Session } from '../db/database.ts'
import type { Survey } from './survey.ts'

const findSet = 'SELECT id FROM @handler_set WHERE names = $1'
const insertSet = `
  INSERT INTO @handler_set (names) VALUES ($1) ON CONFLICT (names) DO UPDATE SET names = excluded.names RETURNING id`

type Db = Pick<Session, 'all'>

/** The handlers, by their current names, that a delivery belongs to when it is claimed for the first time now. */
export function belonging({ seen, aliases }: Survey, own: readonly string[], now: number): string[] {
  const named = own.map((name) => aliases.get(name) ?? name)
  return belongingAt(now, named, seen)
}

export async function setIdOf(db: Db, names: readonly string[]): Promise<number> {
  const text = JSON.stringify(names)
  const [known] = await db.all<{ id: number }>(findSet, text)
  const [made] = known === undefined ? await db.all<{ id: number }>(insertSet, text) : [known]
  if (made === undefined) throw new Error('an insert with RETURNING has one row')
  return made.id
}
