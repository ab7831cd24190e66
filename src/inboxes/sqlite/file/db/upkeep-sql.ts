/** The statements of retention and erasure, under a verb phrase. */

// ---- stored bytes ------------------------------------------------------------------------------------------------

export const replaceBody = 'UPDATE delivery SET coding = ?, body = ? WHERE seq = ?'

export const noteAltered = `
  INSERT INTO altered (seq, sha256, size) VALUES (?, ?, ?)
  ON CONFLICT DO UPDATE SET sha256 = excluded.sha256, size = excluded.size`

export const noteTaken = 'UPDATE altered SET taken = 1 WHERE seq = ? AND taken = 0'

export const readAltered = 'SELECT size, taken FROM altered WHERE seq = ?'

export const readSettledEvents = 'SELECT events FROM settled WHERE seq = ?'

// ---- retention ---------------------------------------------------------------------------------------------------

export const readUpkeep = 'SELECT bodies_to, keys_to, expired, erased, believed_at FROM upkeep'

export const noteBelieved = 'UPDATE upkeep SET believed_at = ?'

export const countUpkeep = 'UPDATE upkeep SET expired = expired + ?, erased = erased + ?'

export const moveUpkeep = 'UPDATE upkeep SET bodies_to = ?, keys_to = ?, believed_at = ?'

/** By place in the log: those after the first number, up to the second. */
export const findToPrune = `
  SELECT d.seq, d.id, d.source, d.batch_id, d.received_at, d.size, a.size AS altered, a.taken
  FROM delivery d LEFT JOIN altered a USING (seq)
  WHERE d.seq > ? AND d.seq <= ? ORDER BY d.seq LIMIT ?`

export const findLater = `
  SELECT d.seq, d.id, d.source, d.batch_id, d.received_at, d.size, a.size AS altered, a.taken
  FROM later l JOIN delivery d USING (seq) LEFT JOIN altered a USING (seq)
  WHERE l.seq > ? ORDER BY l.seq LIMIT ?`

export const lookAgainLater = 'INSERT OR IGNORE INTO later (seq) VALUES (?)'

export const deleteLater = 'DELETE FROM later WHERE seq = ?'

export const hasQuarantine = 'SELECT 1 FROM quarantine WHERE seq = ? LIMIT 1'

export const hasDeadLetter = 'SELECT 1 FROM dead_letter WHERE seq = ? LIMIT 1'

export const findOldDeadLetters = 'SELECT id FROM dead_letter WHERE at <= ? ORDER BY at, id LIMIT ?'

export const findOldQuarantine = 'SELECT id FROM quarantine WHERE at <= ? ORDER BY at, id LIMIT ?'

export const deleteDelivery = 'DELETE FROM delivery WHERE seq = ?'

export const deleteNote = 'DELETE FROM note WHERE seq = ?'

export const deleteSettled = 'DELETE FROM settled WHERE seq = ?'

export const deleteAltered = 'DELETE FROM altered WHERE seq = ?'

// ---- purging -----------------------------------------------------------------------------------------------------

export const readPurges = 'SELECT purges FROM upkeep'

export const countPurge = 'UPDATE upkeep SET purges = purges + 1'

// ---- erasure -----------------------------------------------------------------------------------------------------

export const findDeadLettersAt = 'SELECT id FROM dead_letter WHERE seq = ? AND element_index = ?'

export const findQuarantineAt = 'SELECT id FROM quarantine WHERE seq = ? AND element_index = ?'

export const findQuarantineOf = 'SELECT id FROM quarantine WHERE seq = ?'

export const readElements = 'SELECT element_index, size, element FROM dead_letter WHERE seq = ? ORDER BY id'

export const readRanges = 'SELECT id, first, last FROM work WHERE seq = ?'

export const forgetErrors = "UPDATE work SET errors = '[]' WHERE id = ?"
