/** What is remembered beside deliveries: texts by their names. */
import type { Memo } from '../../../../ports/inbox/memos.ts'
import type { WriteMemo } from '../../wire/protocol.ts'
import type { Database } from '../db/database.ts'
import * as look from '../db/look-sql.ts'

export function readMemo(db: Database, name: string): Memo | null {
  return db.get<Memo>(look.readMemo, name) ?? null
}

/** Its version; null: another was written meanwhile. */
export function writeMemo(db: Database, { name, text, after }: WriteMemo): number | null {
  const written =
    after === null
      ? db.get<Pick<Memo, 'version'>>(look.insertMemo, name, text)
      : db.get<Pick<Memo, 'version'>>(look.replaceMemo, text, name, after)
  return written?.version ?? null
}
