/** A look into the file beside the process that owns it. */
import { DatabaseSync } from 'node:sqlite'

/** Rows of a table, counted. */
export function rowsOf(path: string, table: string): number {
  const db = new DatabaseSync(path, { readOnly: true, timeout: 5_000 })
  try {
    return Number(db.prepare(`SELECT count(*) AS count FROM ${table}`).get()?.count)
  } finally {
    db.close()
  }
}
