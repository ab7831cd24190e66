/**
 * Statements that several files run, and those that read the view `known`, whose plans a test looks at. A statement of one
 * function stands above it. Parameters are `?` or `:name`, never numbered: Node binds no positional value to a number
 * before 22.20, 24.7 and 25.
 */

// ---- log ---------------------------------------------------------------------------------------------------------

export const findUnindexed = 'SELECT seq, id FROM known WHERE seq > (SELECT up_to FROM indexed)'

export const readId = 'SELECT seq, id FROM known WHERE seq = ?'

export const findUnindexedAbove = 'SELECT seq, id FROM known WHERE seq > max(?, (SELECT up_to FROM indexed))'

export const hasId = 'SELECT 1 FROM known WHERE seq = ? AND id = ?'

export const readHash = 'SELECT sha256 FROM known WHERE seq = ?'

export const insertIndexed = 'INSERT OR IGNORE INTO delivery_by_id (hash, seq) VALUES (?, ?)'

export const insertDelivery = `
  INSERT INTO delivery (seq, id, source, batch_id, is_test, sha256, received_at, meta, size, up_to, coding, body)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

export const findLast = 'SELECT seq, up_to FROM delivery ORDER BY seq DESC LIMIT 1'

/** The bytes that are kept; null: all. */
export const altered = 'iif(d.forgotten, 0, a.size) AS altered'

/** With the SHA-256 of no bytes where none are kept. */
export const readDelivery = `
  SELECT d.seq, d.id, d.source, d.batch_id, d.is_test, d.sha256, d.received_at, d.meta, d.size,
         n.sender_left, n.duplicates, s.events, d.coding, d.body, ${altered},
         iif(d.forgotten, x'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', a.sha256) AS stored_sha256
  FROM known d LEFT JOIN note n USING (seq) LEFT JOIN settled s USING (seq) LEFT JOIN altered a USING (seq)
  WHERE d.seq = ?`

export const readReceivedAt = 'SELECT received_at FROM delivery WHERE seq = ?'

export const noteSenderLeft = `
  INSERT INTO note (seq, sender_left) VALUES (?, 1) ON CONFLICT DO UPDATE SET sender_left = 1`

export const readNote = 'SELECT sender_left, duplicates FROM note WHERE seq = ?'

// ---- claim -------------------------------------------------------------------------------------------------------

export const findNeverClaimed = `
  SELECT seq, source, batch_id, is_test, size, received_at FROM delivery WHERE seq > ? AND seq <= ?`

/** With the deliveries to leave out as a JSON list. */
export const findDue = `
  SELECT seq, due_at FROM work
  WHERE handler = ? AND waits_for = 'time' AND due_at <= ? AND seq NOT IN (SELECT value FROM json_each(?))
  ORDER BY due_at, seq`

/** As `findDue`, of a handler with an order. */
export const findDueInOrder = `
  SELECT seq, due_at, order_key IS NOT NULL AS has_key FROM work
  WHERE handler = ? AND waits_for = 'time' AND due_at <= ? AND seq NOT IN (SELECT value FROM json_each(?))
  ORDER BY due_at, seq`

/** With the last delivery that rows in order may be claimed of. */
export const findCarefulWork = `
  SELECT seq FROM work
  WHERE careful = 1 AND handler = ? AND (order_key IS NULL OR seq <= ?)
    AND (order_key = -1 OR waits_for = 'time' AND due_at <= ?)
  ORDER BY seq`

export const hasCarefulWork = 'SELECT 1 FROM work WHERE careful = 1 LIMIT 1'

const workRow = `
  id, handler, first, last, attempts, order_key, due_at, waits_for, careful, errors, run, only_name, only_unhandled`

/** Of unread rows every one; what is parked is not due. */
export const readDueRows = `
  SELECT ${workRow} FROM work
  WHERE seq = ? AND (order_key = -1 OR waits_for = 'time' AND due_at <= ?)
    AND handler IN (SELECT value FROM json_each(?))
  ORDER BY first, id`

export const readAllRows = `
  SELECT ${workRow} FROM work WHERE seq = ? AND handler IN (SELECT value FROM json_each(?)) ORDER BY first, id`

export const claimRow = 'UPDATE work SET claimed = 1 WHERE id = ?'

/** With the deliveries that are held as a JSON list. */
export const giveLostRowsBack = `
  UPDATE work SET claimed = 0 WHERE claimed = 1 AND seq NOT IN (SELECT value FROM json_each(?))`

export const findNextDue = `
  SELECT min(due_at) AS due_at FROM work WHERE handler = ? AND waits_for = 'time' AND due_at > ?`

/** The last delivery, the last opening, renewal or close, and when something was written last. */
export const readLatestTime = `
  SELECT max(at) AS at FROM (
    SELECT max(seen_at) AS at FROM handler
    UNION ALL
    SELECT latest_at FROM upkeep
    UNION ALL
    SELECT received_at FROM delivery WHERE seq = (SELECT max(seq) FROM delivery)
    UNION ALL
    SELECT received_at FROM forgotten WHERE seq = (SELECT max(seq) FROM forgotten)
  )`

export const bringForward = "UPDATE work SET due_at = due_at - ? WHERE due_at > ? AND waits_for = 'time'"

export const readPasses = 'SELECT seq, state, careful, handlers FROM first_pass ORDER BY seq'

export const writePass = 'INSERT OR REPLACE INTO first_pass (seq, state, careful, handlers) VALUES (?, ?, ?, ?)'

// ---- settle ------------------------------------------------------------------------------------------------------

export const isSettled = 'SELECT 1 FROM settled WHERE seq = ?'

export const readFacts = 'SELECT seq, source, batch_id, is_test, size, received_at FROM delivery WHERE seq = ?'

export const hasDelivery = 'SELECT 1 FROM known WHERE seq = ?'

export const readRecentBatches = 'SELECT batches FROM recent_batches ORDER BY id'

/** With the other delivery, and what both are to have. */
export const findConflict = `
  SELECT id FROM known
  WHERE seq = ? AND source = ? AND batch_id = ? AND sha256 <> (SELECT sha256 FROM known WHERE seq = ?)`

export const hasWork = 'SELECT 1 FROM work WHERE seq = ? LIMIT 1'

export const hasWorkOf = 'SELECT 1 FROM work WHERE seq = ? AND handler IN (SELECT value FROM json_each(?)) LIMIT 1'

export const deleteRow = 'DELETE FROM work WHERE id = ? AND seq = ?'

export const deleteRowsOf = 'DELETE FROM work WHERE seq = ?'

export const insertRow = `
  INSERT INTO work (seq, handler, first, last, attempts, order_key, due_at, waits_for, errors, run, only_name, only_unhandled)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

export const isOrdered = 'SELECT ordered FROM handler WHERE name = ?'

export const insertDeadLetter = `
  INSERT INTO dead_letter (seq, handler, element_index, attempts, at, size, run, errors, element)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`

export const insertQuarantine = 'INSERT INTO quarantine (seq, element_index, at, what) VALUES (?, ?, ?, ?)'

// ---- passes under way --------------------------------------------------------------------------------------------

export const readProgressed = 'SELECT DISTINCT seq FROM pass_progress'

export const writePassProgress = 'INSERT OR REPLACE INTO pass_progress (seq, work_id, part, what) VALUES (?, ?, ?, ?)'

export const readPassProgress = `
  SELECT seq, work_id, part, what FROM pass_progress WHERE seq = ? ORDER BY work_id, part`

// ---- crashes -----------------------------------------------------------------------------------------------------

export const readDeaths = 'SELECT seq, element_index, handler, times FROM death ORDER BY seq, element_index, handler'

// ---- dead letters, quarantine, pauses ----------------------------------------------------------------------------

export const readDeadLetter = 'SELECT seq, handler, element_index, run, errors FROM dead_letter WHERE id = ?'

export const findDeadLettersOf = 'SELECT id, element_index FROM dead_letter WHERE seq = ? ORDER BY id'

export const deleteDeadLetter = 'DELETE FROM dead_letter WHERE id = ?'

export const readQuarantine = `
  SELECT q.seq, q.element_index, s.events FROM quarantine q LEFT JOIN settled s USING (seq) WHERE q.id = ?`

export const deleteQuarantine = 'DELETE FROM quarantine WHERE id = ?'

export const readPauses = 'SELECT handler, reason, since FROM pause ORDER BY handler'

/** Keeps `since` of the first pause; another reason replaces the reason. */
export const pauseHandler = `
  INSERT INTO pause (handler, reason, since) VALUES (?, ?, ?)
  ON CONFLICT DO UPDATE SET reason = excluded.reason WHERE reason <> excluded.reason`

export const resumeHandler = 'DELETE FROM pause WHERE handler = ?'

// ---- replays -----------------------------------------------------------------------------------------------------

export const deleteEndedRuns = 'DELETE FROM run WHERE events = 0 AND cancelled = 0'

export const readReplays = 'SELECT id AS name, events AS count FROM run WHERE events > 0 ORDER BY id'

/** The handlers a delivery belongs to that has been claimed. */
const belonging = `coalesce(
    (SELECT p.handlers FROM first_pass p WHERE p.seq = d.seq),
    (SELECT e.handlers FROM epoch e WHERE e.from_seq <= d.seq ORDER BY e.from_seq DESC LIMIT 1), '[]')`

const passed = '(s.seq IS NOT NULL OR d.seq <= (SELECT mark FROM progress))'

const history = (where: string) => `
  SELECT d.seq, d.id, d.source, d.received_at, s.events, ${belonging} AS handlers
  FROM delivery d LEFT JOIN settled s USING (seq)
  WHERE ${where} AND d.seq > :after AND ${passed} AND d.seq NOT IN (SELECT seq FROM altered WHERE taken = 1)
    AND (:source IS NULL OR d.source = :source)
    AND (:since IS NULL OR d.received_at >= :since) AND (:until IS NULL OR d.received_at < :until)
  ORDER BY d.seq LIMIT :limit`

export const listHistory = history('d.seq <= :to')
/** With the deliveries as a JSON list. */
export const listHistoryOf = history('d.seq IN (SELECT value FROM json_each(:seqs))')

export const readBelonging = `
  SELECT ${passed} AS passed,
         CASE WHEN d.seq <= (SELECT claimed FROM progress) OR d.seq IN (SELECT seq FROM first_pass)
              THEN ${belonging} ELSE '[]' END AS handlers
  FROM known d LEFT JOIN settled s USING (seq)
  WHERE d.seq = ?`

export const readRowsOver = `
  SELECT ${workRow} FROM work WHERE seq = ? AND ? BETWEEN first AND last ORDER BY id`

export const findDead = 'SELECT handler, attempts FROM dead_letter WHERE seq = ? AND element_index = ? ORDER BY id'

/** That of the element before that of its delivery. */
export const findQuarantine = `
  SELECT element_index FROM quarantine WHERE seq = ? AND (element_index IS NULL OR element_index = ?)
  ORDER BY element_index DESC LIMIT 1`

export const readQuarantineOf = 'SELECT DISTINCT element_index FROM quarantine WHERE seq = ? ORDER BY element_index'

export const readSeen = 'SELECT name, seen_at FROM handler ORDER BY name'

// ---- wishes ------------------------------------------------------------------------------------------------------

export const insertWish = 'INSERT INTO wish (made_at, kind, arguments) VALUES (?, ?, ?) RETURNING id'

export const findWishes = 'SELECT id, kind, arguments FROM wish WHERE result IS NULL ORDER BY id'

export const readWish = 'SELECT result FROM wish WHERE id = ?'

export const deleteWish = 'DELETE FROM wish WHERE id = ?'

export const withdrawWish = 'DELETE FROM wish WHERE id = ? AND result IS NULL'

// ---- progress ----------------------------------------------------------------------------------------------------

export const readProgress = `
  SELECT mark, claimed, settled, settled_bytes, events, with_work, dead_letters, quarantined, cancelled FROM progress`

export const writeProgress = `
  UPDATE progress SET mark = ?, claimed = ?, settled = ?, settled_bytes = ?, events = ?, with_work = ?,
                      dead_letters = ?, quarantined = ?, cancelled = ?`

export const readEpochs = 'SELECT from_seq, handlers FROM epoch ORDER BY from_seq'

export const insertEpoch = 'INSERT INTO epoch (from_seq, handlers) VALUES (?, ?)'

export const readUnhandled = 'SELECT name, count FROM unhandled ORDER BY name'

/** Replays left out. */
export const findFirstWithWork = 'SELECT min(seq) AS seq FROM work WHERE run IS NULL'

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

/** With the handlers to leave out as a JSON list. Goes through the index likewise. */
export const countLeft = `
  WITH RECURSIVE working (handler) AS (
    SELECT min(handler) FROM work
    UNION ALL
    SELECT (SELECT min(w.handler) FROM work w WHERE w.handler > working.handler) FROM working
    WHERE working.handler IS NOT NULL
  )
  SELECT handler AS name, (SELECT sum(w.last - w.first + 1) FROM work w WHERE w.handler = working.handler) AS events
  FROM working WHERE handler IS NOT NULL AND handler NOT IN (SELECT value FROM json_each(?))`

// ---- opening -----------------------------------------------------------------------------------------------------

export const seeHandler = `
  INSERT INTO handler (name, seen_at) VALUES (?, ?) ON CONFLICT DO UPDATE SET seen_at = excluded.seen_at`

// ---- order -------------------------------------------------------------------------------------------------------

/** Rows whose events were not read yet. */
export const findUnread = `
  SELECT seq, due_at, claimed, careful FROM work WHERE handler = ? AND order_key = -1 ORDER BY seq, first`

export const findStoredKeys = `
  SELECT handler, order_key AS key FROM work WHERE order_key >= 0 GROUP BY handler, order_key`

export const findFirstOfKey = `
  SELECT id, seq, waits_for FROM work WHERE handler = ? AND order_key = ? ORDER BY seq, first LIMIT ?`

export const wakeRow = "UPDATE work SET waits_for = 'time', due_at = ? WHERE id = ?"

/** Keys of what is stored of a delivery, or of one row of it. */
export const findKeysOf = 'SELECT handler, order_key AS key FROM work WHERE seq = ? AND order_key >= 0'
export const findKeyOfRow = 'SELECT handler, order_key AS key FROM work WHERE id = ? AND order_key >= 0'

export const setOrdered = 'UPDATE handler SET ordered = ? WHERE name = ?'

export const orderRows = `
  UPDATE work SET order_key = -1, waits_for = 'turn' WHERE handler = ? AND order_key IS NULL AND run IS NULL`

/** With the time now, at which falls due what waited for its turn. */
export const unorderRows = `
  UPDATE work SET order_key = NULL, due_at = CASE waits_for WHEN 'turn' THEN ? ELSE due_at END, waits_for = 'time'
  WHERE handler = ? AND order_key IS NOT NULL`

// ---- keys of events ----------------------------------------------------------------------------------------------

export const readDuplicateEvents = 'SELECT source AS name, count FROM duplicate_event ORDER BY source'
