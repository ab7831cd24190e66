/** The statements of retention and erasure, under a verb phrase. */

// ---- stored bytes ------------------------------------------------------------------------------------------------

export const forget = `
  INSERT INTO forgotten (seq, id, source, batch_id, is_test, sha256, received_at, size, credential, origin)
  SELECT seq, id, source, batch_id, is_test, sha256, received_at, size, meta ->> '$.credential', meta ->> '$.origin'
  FROM delivery WHERE seq = ?`

/** With the coding and the bytes that it has from now on. */
export const remember = `
  INSERT INTO delivery (seq, id, source, batch_id, is_test, sha256, received_at, meta, size, up_to, coding, body)
  SELECT seq, id, source, batch_id, is_test, sha256, received_at, meta, size, 0, ?, ?
  FROM known WHERE seq = ? AND forgotten`

export const deleteForgotten = 'DELETE FROM forgotten WHERE seq = ?'

export const readSettledEvents = 'SELECT events FROM settled WHERE seq = ?'

// ---- retention ---------------------------------------------------------------------------------------------------

export const readUpkeep = 'SELECT bodies_to, keys_to, expired, erased, believed_at FROM upkeep'

export const noteBelieved = 'UPDATE upkeep SET believed_at = ?'

export const noteTime = 'UPDATE upkeep SET latest_at = ?'

export const countUpkeep = 'UPDATE upkeep SET expired = expired + ?, erased = erased + ?'

/** By place in the log: those after the first number, up to the second. */
export const findToPrune = `
  SELECT seq, id, source, batch_id, received_at, forgotten FROM known
  WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?`

export const findLater = `
  SELECT l.seq, d.id, d.source, d.batch_id, d.received_at, d.forgotten FROM later l JOIN known d USING (seq)
  WHERE l.seq > ? ORDER BY l.seq LIMIT ?`

export const lookAgainLater = 'INSERT OR IGNORE INTO later (seq) VALUES (?)'

export const hasDeadLetter = 'SELECT 1 FROM dead_letter WHERE seq = ? LIMIT 1'

export const deleteDelivery = 'DELETE FROM delivery WHERE seq = ?'

// ---- ownership ---------------------------------------------------------------------------------------------------

export const readOwners = 'SELECT owners FROM upkeep'

export const countOwner = 'UPDATE upkeep SET owners = owners + 1'

export const readOpenAs = 'SELECT open_as FROM upkeep'

export const noteOpen = 'UPDATE upkeep SET open_as = ?'

export const noteClosed = "UPDATE upkeep SET open_as = ''"

// ---- purging -----------------------------------------------------------------------------------------------------

export const countPurge = 'UPDATE upkeep SET purges = purges + 1'

// ---- erasure -----------------------------------------------------------------------------------------------------
