/** Every statement of the inbox but its listings, under a verb phrase. */

// ---- log ---------------------------------------------------------------------------------------------------------

export const findById = 'SELECT seq, sha256 FROM delivery WHERE id = ?'

export const insertDelivery = `
  INSERT INTO delivery (seq, id, source, batch_id, is_test, sha256, received_at, meta, size, up_to, coding, body)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

export const findLast = 'SELECT seq, up_to FROM delivery ORDER BY seq DESC LIMIT 1'

export const findLatestById = 'SELECT max(seq) AS seq FROM delivery WHERE id = ?'

export const readDelivery = `
  SELECT d.seq, d.id, d.source, d.batch_id, d.is_test, d.sha256, d.received_at, d.meta, d.size,
         n.sender_left, n.duplicates, s.events, d.coding, d.body, a.size AS altered, a.sha256 AS stored_sha256
  FROM delivery d LEFT JOIN note n USING (seq) LEFT JOIN settled s USING (seq) LEFT JOIN altered a USING (seq)
  WHERE d.seq = ?`

export const readReceivedAt = 'SELECT received_at FROM delivery WHERE seq = ?'

export const countDuplicate = `
  INSERT INTO note (seq, duplicates) VALUES (?, 1) ON CONFLICT DO UPDATE SET duplicates = duplicates + 1`

export const noteSenderLeft = `
  INSERT INTO note (seq, sender_left) VALUES (?, 1) ON CONFLICT DO UPDATE SET sender_left = 1`

export const readNotes = `
  SELECT n.sender_left, n.duplicates, s.events
  FROM (SELECT ? AS seq) d LEFT JOIN note n USING (seq) LEFT JOIN settled s USING (seq)`

// ---- claim -------------------------------------------------------------------------------------------------------

export const findNeverClaimed = `
  SELECT seq, source, batch_id, is_test, size FROM delivery WHERE seq > ? ORDER BY seq LIMIT ?`

/** With the deliveries to leave out as a JSON list. */
export const findDue = `
  SELECT seq, due_at FROM work
  WHERE handler = ? AND due_at <= ? AND seq NOT IN (SELECT value FROM json_each(?))
  ORDER BY due_at, seq`

export const findCarefulWork = `
  SELECT seq FROM work WHERE careful = 1 AND due_at <= ? AND handler IN (SELECT value FROM json_each(?))
  ORDER BY seq LIMIT 1`

export const hasCarefulWork = 'SELECT 1 FROM work WHERE careful = 1 LIMIT 1'

export const readDueRows = `
  SELECT id, handler, first, last, attempts, due_at, careful, errors FROM work
  WHERE seq = ? AND due_at <= ? AND handler IN (SELECT value FROM json_each(?))
  ORDER BY first, id`

export const claimRow = 'UPDATE work SET claimed = 1 WHERE id = ?'

export const giveRowsBack = 'UPDATE work SET claimed = 0 WHERE seq = ? AND claimed = 1'

export const findNextDue = 'SELECT min(due_at) AS due_at FROM work WHERE handler = ? AND due_at > ?'

/** The last delivery, and the last opening, renewal or close. */
export const readLatestTime = `
  SELECT max(at) AS at FROM (
    SELECT max(seen_at) AS at FROM handler
    UNION ALL
    SELECT received_at FROM delivery WHERE seq = (SELECT max(seq) FROM delivery)
  )`

export const bringForward = 'UPDATE work SET due_at = due_at - ? WHERE due_at > ?'

export const readPasses = 'SELECT seq, state, careful, handlers FROM first_pass ORDER BY seq'

export const writePass = 'INSERT OR REPLACE INTO first_pass (seq, state, careful, handlers) VALUES (?, ?, ?, ?)'

export const deletePass = 'DELETE FROM first_pass WHERE seq = ?'

// ---- settle ------------------------------------------------------------------------------------------------------

export const isSettled = 'SELECT 1 FROM settled WHERE seq = ?'

export const insertSettled = 'INSERT INTO settled (seq, events) VALUES (?, ?)'

export const readFacts = 'SELECT seq, source, batch_id, is_test, size FROM delivery WHERE seq = ?'

export const findBatch = 'SELECT seq FROM batch WHERE hash = ?'

export const insertBatch = 'INSERT OR REPLACE INTO batch (hash, seq) VALUES (?, ?)'

export const deleteBatch = 'DELETE FROM batch WHERE hash = ? AND seq = ?'

export const hasDelivery = 'SELECT 1 FROM delivery WHERE seq = ?'

export const readRecentBatches = 'SELECT batches FROM recent_batches ORDER BY id'

export const insertRecentBatches = 'INSERT INTO recent_batches (batches) VALUES (?)'

export const deleteRecentBatches = 'DELETE FROM recent_batches'

/** With the other delivery, and what both are to have. */
export const findConflict = `
  SELECT id FROM delivery
  WHERE seq = ? AND source = ? AND batch_id = ? AND sha256 <> (SELECT sha256 FROM delivery WHERE seq = ?)`

export const hasWork = 'SELECT 1 FROM work WHERE seq = ? LIMIT 1'

export const hasRow = 'SELECT 1 FROM work WHERE id = ? AND seq = ?'

export const deleteRow = 'DELETE FROM work WHERE id = ? AND seq = ?'

export const deleteRowsOf = 'DELETE FROM work WHERE seq = ?'

/** Rows that were claimed and are not ended. */
export const leaveRows = 'UPDATE work SET claimed = 0, careful = 0 WHERE seq = ? AND claimed = 1'

export const insertRow = `
  INSERT INTO work (seq, handler, first, last, attempts, due_at, errors) VALUES (?, ?, ?, ?, ?, ?, ?)`

export const insertDeadLetter = `
  INSERT INTO dead_letter (seq, handler, element_index, attempts, at, size, errors, element)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?)`

export const insertQuarantine = 'INSERT INTO quarantine (seq, element_index, at, what) VALUES (?, ?, ?, ?)'

export const countUnhandled = `
  INSERT INTO unhandled (name, count) VALUES (?, ?) ON CONFLICT DO UPDATE SET count = count + excluded.count`

// ---- crashes -----------------------------------------------------------------------------------------------------

export const writeUnderWay = 'INSERT OR REPLACE INTO under_way (seq, element_index, handler) VALUES (?, ?, ?)'

export const readUnderWay = 'SELECT seq FROM under_way'

export const deleteUnderWay = 'DELETE FROM under_way WHERE seq = ?'

export const deleteAllUnderWay = 'DELETE FROM under_way'

export const countDeaths = `
  INSERT INTO death (seq, element_index, handler, times) SELECT seq, element_index, handler, 1 FROM under_way WHERE true
  ON CONFLICT DO UPDATE SET times = times + 1`

export const readDeaths = 'SELECT seq, element_index, handler, times FROM death ORDER BY seq, element_index, handler'

export const deleteDeathsOf = 'DELETE FROM death WHERE seq = ?'

export const deleteDeathsOfElement = 'DELETE FROM death WHERE seq = ? AND element_index = ?'

export const suspectRows = 'UPDATE work SET claimed = 0, careful = 1 WHERE claimed = 1'

export const suspectPasses = "UPDATE first_pass SET state = 'returned', careful = 1 WHERE state = 'claimed'"

// ---- dead letters, quarantine, pauses ----------------------------------------------------------------------------

export const readDeadLetter = 'SELECT seq, handler, element_index, errors FROM dead_letter WHERE id = ?'

export const findDeadLettersOf = 'SELECT id FROM dead_letter WHERE seq = ? ORDER BY id'

export const countRedelivery = 'UPDATE dead_letter SET redeliveries = redeliveries + 1 WHERE seq = ?'

export const deleteDeadLetter = 'DELETE FROM dead_letter WHERE id = ?'

export const readQuarantine = `
  SELECT q.seq, q.element_index, s.events FROM quarantine q LEFT JOIN settled s USING (seq) WHERE q.id = ?`

export const deleteQuarantine = 'DELETE FROM quarantine WHERE id = ?'

export const readPauses = 'SELECT handler, reason, since FROM pause ORDER BY handler'

/** It has not worked since the first word, whoever had it. */
export const pauseHandler = `
  INSERT INTO pause (handler, reason, since) VALUES (?, ?, ?)
  ON CONFLICT DO UPDATE SET reason = excluded.reason WHERE reason <> excluded.reason`

export const resumeHandler = 'DELETE FROM pause WHERE handler = ?'

// ---- wishes ------------------------------------------------------------------------------------------------------

export const insertWish = 'INSERT INTO wish (made_at, kind, arguments) VALUES (?, ?, ?) RETURNING id'

export const findWishes = 'SELECT id, kind, arguments FROM wish WHERE result IS NULL ORDER BY id'

export const answerWish = 'UPDATE wish SET result = ? WHERE id = ?'

export const readWish = 'SELECT result FROM wish WHERE id = ?'

export const deleteWish = 'DELETE FROM wish WHERE id = ?'

export const withdrawWish = 'DELETE FROM wish WHERE id = ? AND result IS NULL'

export const deleteStaleWishes = 'DELETE FROM wish WHERE made_at < ?'

// ---- progress ----------------------------------------------------------------------------------------------------

export const readProgress = `
  SELECT mark, claimed, settled, settled_bytes, events, with_work, dead_letters, quarantined, cancelled FROM progress`

export const writeProgress = `
  UPDATE progress SET mark = ?, claimed = ?, settled = ?, settled_bytes = ?, events = ?, with_work = ?,
                      dead_letters = ?, quarantined = ?, cancelled = ?`

export const findSettledBetween = 'SELECT seq FROM settled WHERE seq > ? AND seq <= ? ORDER BY seq'

export const readEpochs = 'SELECT from_seq, handlers FROM epoch ORDER BY from_seq'

export const insertEpoch = 'INSERT INTO epoch (from_seq, handlers) VALUES (?, ?)'

export const readUnhandled = 'SELECT name, count FROM unhandled ORDER BY name'

export const findFirstWithWork = 'SELECT min(seq) AS seq FROM work'

/** Goes from handler to handler in the index, and counts only rows of those it looks for. */
export const countOrphaned = `
  WITH RECURSIVE working (handler) AS (
    SELECT min(handler) FROM work
    UNION ALL
    SELECT (SELECT min(w.handler) FROM work w WHERE w.handler > working.handler) FROM working
    WHERE working.handler IS NOT NULL
  )
  SELECT working.handler AS name, (SELECT count(*) FROM work w WHERE w.handler = working.handler) AS count
  FROM working LEFT JOIN handler h ON h.name = working.handler
  WHERE working.handler IS NOT NULL AND (h.seen_at IS NULL OR h.seen_at <= ?)
    AND working.handler NOT IN (SELECT value FROM json_each(?))`

// ---- opening -----------------------------------------------------------------------------------------------------

export const readHandlers = 'SELECT name FROM handler'

export const seeHandler = `
  INSERT INTO handler (name, seen_at) VALUES (?, ?) ON CONFLICT DO UPDATE SET seen_at = excluded.seen_at`

export const deleteHandler = 'DELETE FROM handler WHERE name = ?'

export const renameInWork = 'UPDATE work SET handler = ? WHERE handler = ?'

export const renameInDeadLetters = 'UPDATE dead_letter SET handler = ? WHERE handler = ?'

export const renameInDeaths = 'UPDATE OR REPLACE death SET handler = ? WHERE handler = ?'

export const renameInPauses = 'UPDATE OR IGNORE pause SET handler = ? WHERE handler = ?'

export const rewriteEpoch = 'UPDATE epoch SET handlers = ? WHERE from_seq = ?'

export const rewritePass = 'UPDATE first_pass SET handlers = ? WHERE seq = ?'
