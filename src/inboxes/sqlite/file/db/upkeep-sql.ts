/** The statements of retention and erasure, under a verb phrase. */

// ---- stored bytes ------------------------------------------------------------------------------------------------

export const replaceBody = 'UPDATE delivery SET coding = ?, body = ? WHERE seq = ?'

export const noteAltered = `
  INSERT INTO altered (seq, sha256, size) VALUES (?, ?, ?)
  ON CONFLICT DO UPDATE SET sha256 = excluded.sha256, size = excluded.size`

export const setTrace = 'UPDATE settled SET trace = ? WHERE seq = ?'

export const forget = `
  INSERT INTO forgotten (seq, id, source, batch_id, is_test, sha256, received_at, size, credential, origin)
  SELECT seq, id, source, batch_id, is_test, sha256, received_at, size, meta ->> '$.credential', meta ->> '$.origin'
  FROM delivery WHERE seq = ?`

/** With the coding and the bytes that it has from now on. */
export const remember = `
  INSERT INTO delivery (seq, id, source, batch_id, is_test, sha256, received_at, meta, size, up_to, coding, body)
  SELECT seq, id, source, batch_id, is_test, sha256, received_at, meta, size, 0, ?, ?
  FROM known WHERE seq = ? AND forgotten`

export const isForgotten = 'SELECT 1 FROM forgotten WHERE seq = ?'

export const deleteForgotten = 'DELETE FROM forgotten WHERE seq = ?'

/** Its events are counted out, and not again when it is forgotten once more. */
export const noteTaken = 'UPDATE altered SET taken = 1 WHERE seq = ?'

export const isTaken = 'SELECT 1 FROM altered WHERE seq = ? AND taken = 1'

export const readSettledEvents = 'SELECT events FROM settled WHERE seq = ?'

// ---- retention ---------------------------------------------------------------------------------------------------

export const readUpkeep = 'SELECT bodies_to, keys_to, expired, erased, believed_at FROM upkeep'

export const noteBelieved = 'UPDATE upkeep SET believed_at = ?'

export const countUpkeep = 'UPDATE upkeep SET expired = expired + ?, erased = erased + ?'

export const moveUpkeep = 'UPDATE upkeep SET bodies_to = ?, keys_to = ?, believed_at = ?'

/** By place in the log: those after the first number, up to the second. */
export const findToPrune = `
  SELECT seq, id, source, batch_id, received_at, forgotten FROM known
  WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?`

export const findLater = `
  SELECT l.seq, d.id, d.source, d.batch_id, d.received_at, d.forgotten FROM later l JOIN known d USING (seq)
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

// ---- ownership ---------------------------------------------------------------------------------------------------

export const readOwners = 'SELECT owners FROM upkeep'

export const countOwner = 'UPDATE upkeep SET owners = owners + 1'

export const readOpenAs = 'SELECT open_as FROM upkeep'

export const noteOpen = 'UPDATE upkeep SET open_as = ?'

export const noteClosed = "UPDATE upkeep SET open_as = ''"

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

export const readLetterErrors = 'SELECT id, seq, errors FROM dead_letter WHERE id > ? ORDER BY id LIMIT ?'

export const writeLetterErrors = 'UPDATE dead_letter SET errors = ? WHERE id = ?'

export const readWorkErrors = "SELECT id, seq, errors FROM work WHERE id > ? AND errors <> '[]' ORDER BY id LIMIT ?"

export const writeWorkErrors = 'UPDATE work SET errors = ? WHERE id = ?'
