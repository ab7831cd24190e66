/** Memos: texts by name, stored as JSON, since Node 22 reads a text only up to its first NUL. */
import type { Memo } from '../../../../ports/inbox/memos.ts'
import type { WriteMemo } from '../../wire/protocol.ts'
import type { Database } from '../db/database.ts'
import * as look from '../db/look-sql.ts'

export function readMemo(db: Database, name: string): Memo | null {
  const found = db.get<Memo>(look.readMemo, name)
  return found === undefined ? null : { ...found, text: JSON.parse(found.text) as string }
}

/** Returns the new version; null: another version was written meanwhile. */
export function writeMemo(db: Database, { name, text, after }: WriteMemo): number | null {
  const json = JSON.stringify(text)
  const written =
    after === null
      ? db.get<Pick<Memo, 'version'>>(look.insertMemo, name, json)
      : db.get<Pick<Memo, 'version'>>(look.replaceMemo, json, name, after)
  return written?.version ?? null
}
