/** What the processes remember together, beside deliveries. */
import type { Memo } from '../../../ports/inbox/memos.ts'
import type { Database } from '../db/database.ts'

const readText = 'SELECT text, version FROM @memo WHERE name = $1'
const insertText = 'INSERT INTO @memo (name, version, text) VALUES ($1, 1, $2) ON CONFLICT DO NOTHING RETURNING version'
const replaceText =
  'UPDATE @memo SET version = version + 1, text = $2 WHERE name = $1 AND version = $3 RETURNING version'

export async function readMemo(db: Database, name: string): Promise<Memo | null> {
  const [row] = await db.all<Memo>(readText, name)
  return row === undefined ? null : { text: JSON.parse(row.text) as string, version: row.version }
}

/** Its version; null: another was written meanwhile. */
export async function writeMemo(
  db: Database,
  name: string,
  text: string,
  after: number | null,
): Promise<number | null> {
  const json = JSON.stringify(text)
  const [row] =
    after === null
      ? await db.all<Pick<Memo, 'version'>>(insertText, name, json)
      : await db.all<Pick<Memo, 'version'>>(replaceText, name, json, after)
  return row?.version ?? null
}
