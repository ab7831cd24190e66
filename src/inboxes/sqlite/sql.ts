/** Every statement of the inbox, under a verb phrase. */

// ---- log ---------------------------------------------------------------------------------------------------------

export const findById = 'SELECT seq, sha256 FROM delivery WHERE id = ?'

export const insertDelivery = `
  INSERT INTO delivery (seq, id, source, batch_id, sha256, received_at, meta, size, coding, body)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

export const findLastSeq = 'SELECT max(seq) AS seq FROM delivery'

export const findLatestById = 'SELECT max(seq) AS seq FROM delivery WHERE id = ?'

export const readDelivery = `
  SELECT d.seq, d.id, d.source, d.batch_id, d.sha256, d.received_at, d.meta, d.size,
         n.sender_left, n.duplicates, s.events, d.coding, d.body
  FROM delivery d LEFT JOIN note n USING (seq) LEFT JOIN settled s USING (seq)
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

export const readSize = 'SELECT size FROM delivery WHERE seq = ?'

export const findNeverClaimed = 'SELECT seq, size FROM delivery WHERE seq > ? ORDER BY seq LIMIT ?'

/** With the deliveries to leave out as a JSON list. */
export const findDue = `
  SELECT seq, due_at FROM work
  WHERE handler = ? AND due_at <= ? AND seq NOT IN (SELECT value FROM json_each(?))
  ORDER BY due_at, seq`

export const readDueRows = `
  SELECT id, handler, first, last, attempts, due_at, errors FROM work
  WHERE seq = ? AND due_at <= ? AND handler IN (SELECT value FROM json_each(?))
  ORDER BY first, id`

export const findNextDue = 'SELECT min(due_at) AS due_at FROM work WHERE handler = ? AND due_at > ?'

// ---- settle ------------------------------------------------------------------------------------------------------

export const isSettled = 'SELECT 1 FROM settled WHERE seq = ?'

export const insertSettled = 'INSERT INTO settled (seq, events) VALUES (?, ?)'

export const hasWork = 'SELECT 1 FROM work WHERE seq = ? LIMIT 1'

export const hasRow = 'SELECT 1 FROM work WHERE id = ? AND seq = ?'

export const deleteRow = 'DELETE FROM work WHERE id = ? AND seq = ?'

export const deleteRowsOf = 'DELETE FROM work WHERE seq = ?'

export const insertRow = `
  INSERT INTO work (seq, handler, first, last, attempts, due_at, errors) VALUES (?, ?, ?, ?, ?, ?, ?)`

export const insertDeadLetter = `
  INSERT INTO dead_letter (seq, handler, element_index, attempts, at, size, errors, element)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?)`

export const insertQuarantine = 'INSERT INTO quarantine (seq, element_index, at, what) VALUES (?, ?, ?, ?)'

export const countUnhandled = `
  INSERT INTO unhandled (name, count) VALUES (?, ?) ON CONFLICT DO UPDATE SET count = count + excluded.count`

// ---- progress ----------------------------------------------------------------------------------------------------

export const readProgress = 'SELECT mark, claimed, settled, with_work, dead_letters, quarantined FROM progress'

export const writeProgress = `
  UPDATE progress SET mark = ?, claimed = ?, settled = ?, with_work = ?, dead_letters = ?, quarantined = ?`

export const findSettledBetween = 'SELECT seq FROM settled WHERE seq > ? AND seq <= ? ORDER BY seq'

export const readEpochs = 'SELECT from_seq, handlers FROM epoch ORDER BY from_seq'

export const insertEpoch = 'INSERT INTO epoch (from_seq, handlers) VALUES (?, ?)'

export const addEventsToEpoch = 'UPDATE epoch SET events = events + ? WHERE from_seq = ?'

export const readUnhandled = 'SELECT name, count FROM unhandled ORDER BY name'

export const findFirstWithWork = 'SELECT min(seq) AS seq FROM work'

// ---- opening -----------------------------------------------------------------------------------------------------

export const readHandlers = 'SELECT name FROM handler'

export const insertHandler = 'INSERT OR IGNORE INTO handler (name) VALUES (?)'

export const deleteHandler = 'DELETE FROM handler WHERE name = ?'

export const renameInWork = 'UPDATE work SET handler = ? WHERE handler = ?'

export const renameInDeadLetters = 'UPDATE dead_letter SET handler = ? WHERE handler = ?'

export const rewriteEpoch = 'UPDATE epoch SET handlers = ? WHERE from_seq = ?'

export const sumSettledEvents = 'SELECT coalesce(sum(events), 0) AS events FROM epoch'

// ---- listings: one stretch of ids, newest first; a filter that is null lets everything through ----------------------

export const findLastDeadLetter = 'SELECT max(id) AS seq FROM dead_letter'

export const findLastQuarantine = 'SELECT max(id) AS seq FROM quarantine'

export const listDeliveries = `
  SELECT d.seq, d.id, d.source, d.batch_id, d.sha256, d.received_at, d.meta, d.size,
         n.sender_left, n.duplicates, s.events
  FROM delivery d LEFT JOIN note n USING (seq) LEFT JOIN settled s USING (seq)
  WHERE d.seq < :before AND d.seq >= :from
    AND (:source IS NULL OR d.source = :source)
    AND (:since IS NULL OR d.received_at >= :since) AND (:until IS NULL OR d.received_at < :until)
  ORDER BY d.seq DESC LIMIT :limit`

export const listDeadLetters = `
  SELECT d.seq, d.id, d.source, d.batch_id, d.sha256, d.received_at, d.meta, d.size,
         n.sender_left, n.duplicates, s.events,
         x.id AS letter, x.handler, x.element_index, x.attempts, x.at, x.size AS elements, x.errors, x.element
  FROM dead_letter x JOIN delivery d USING (seq) LEFT JOIN note n USING (seq) LEFT JOIN settled s USING (seq)
  WHERE x.id < :before AND x.id >= :from
    AND (:source IS NULL OR d.source = :source) AND (:handler IS NULL OR x.handler = :handler)
    AND (:since IS NULL OR x.at >= :since) AND (:until IS NULL OR x.at < :until)
  ORDER BY x.id DESC LIMIT :limit`

export const listQuarantine = `
  SELECT q.id AS item, q.element_index, q.at, q.what, coalesce(d.source, '') AS source, coalesce(d.id, '') AS id
  FROM quarantine q LEFT JOIN delivery d USING (seq)
  WHERE q.id < :before AND q.id >= :from
    AND (:source IS NULL OR d.source = :source)
    AND (:since IS NULL OR q.at >= :since) AND (:until IS NULL OR q.at < :until)
  ORDER BY q.id DESC LIMIT :limit`
