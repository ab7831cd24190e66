/** Adds up what was counted: each count is a row of its own until then, so that no two processes wait for each other. */
import type { Session } from '../db/database.ts'

const lock = "SELECT pg_try_advisory_xact_lock(hashtext('posthorn-fold:@')) AS got"
const fold = `
  WITH taken AS (DELETE FROM @counter RETURNING kind, name, n)
  INSERT INTO @counter (kind, name, n) SELECT kind, name, sum(n) FROM taken GROUP BY kind, name`

export async function foldCounts(tx: Session): Promise<void> {
  const [locked] = await tx.all<{ got: boolean }>(lock)
  if (locked?.got === true) await tx.all(fold)
}
