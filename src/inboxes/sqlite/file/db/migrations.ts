/** The schema, as numbered steps. A step that was released is never changed; `user_version` counts those applied. */

/** `Phrn`: tells our files from those of others. */
export const APPLICATION_ID = 0x50_68_72_6e

const first = `
-- The log. Written once by accept; progress never touches it. The body stands last, so that the other columns are
-- read without walking its pages. up_to: bytes of this body and of all before it, so that accept keeps the sum of the
-- backlog without writing another row.
CREATE TABLE delivery (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL,
  source TEXT NOT NULL,
  batch_id TEXT,
  is_test INTEGER NOT NULL,
  sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
  received_at INTEGER NOT NULL,
  meta TEXT NOT NULL,
  size INTEGER NOT NULL,
  up_to INTEGER NOT NULL,
  coding TEXT CHECK (coding IN ('zstd')),
  body BLOB NOT NULL
) STRICT;

-- Deliveries up to indexed.up_to by a hash of their id. Ids come in no order, so they are added later, in sorted bulk.
CREATE TABLE delivery_by_id (
  hash INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  PRIMARY KEY (hash, seq)
) STRICT, WITHOUT ROWID;
CREATE TABLE indexed (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  up_to INTEGER NOT NULL
) STRICT;
INSERT INTO indexed VALUES (1, 0);

-- What became known of a delivery after it was stored.
CREATE TABLE note (
  seq INTEGER PRIMARY KEY,
  sender_left INTEGER NOT NULL DEFAULT 0,
  duplicates INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Deliveries whose first pass has ended, with their number of elements.
CREATE TABLE settled (
  seq INTEGER PRIMARY KEY,
  events INTEGER
) STRICT;

-- The first delivery of a batch whose first pass has ended, by a hash of source and batch id; test traffic left out.
-- Hashes come in no order, so the latest are kept apart, those of one commit together, and added in sorted bulk.
CREATE TABLE batch (
  hash INTEGER PRIMARY KEY,
  seq INTEGER NOT NULL
) STRICT;
CREATE TABLE recent_batches (
  id INTEGER PRIMARY KEY,
  batches TEXT NOT NULL
) STRICT;

-- Deliveries from from_seq up to the next row, and up to progress.claimed, belong to these handlers.
CREATE TABLE epoch (
  from_seq INTEGER PRIMARY KEY,
  handlers TEXT NOT NULL
) STRICT;

-- First passes of which progress.claimed does not say enough: given back, to be careful with, or claimed ahead of it;
-- these carry the handlers they belong to until progress.claimed has come to them. A first pass up to progress.claimed
-- that is neither here nor settled is under claim.
CREATE TABLE first_pass (
  seq INTEGER PRIMARY KEY,
  state TEXT NOT NULL CHECK (state IN ('claimed', 'returned', 'ended')),
  careful INTEGER NOT NULL,
  handlers TEXT
) STRICT;

-- Every handler that was ever opened with, and when an opening named it last. ordered: it gets its events in order.
CREATE TABLE handler (
  name TEXT PRIMARY KEY,
  seen_at INTEGER NOT NULL,
  ordered INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TABLE pause (
  handler TEXT PRIMARY KEY,
  reason TEXT NOT NULL CHECK (reason IN ('hand', 'failures')),
  since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- claimed: under claim by the process that owns the file. careful: it was, when a process died. order_key: what its
-- handler orders these events by; -1: not known, as they were not read yet; NULL: they go in no order. run: the replay it
-- is work of, only_name and only_unhandled: which events of its range that is about.
CREATE TABLE work (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  seq INTEGER NOT NULL,
  handler TEXT NOT NULL,
  first INTEGER NOT NULL,
  last INTEGER NOT NULL CHECK (0 <= first AND first <= last),
  attempts INTEGER NOT NULL,
  order_key INTEGER,
  due_at INTEGER NOT NULL,
  claimed INTEGER NOT NULL DEFAULT 0,
  careful INTEGER NOT NULL DEFAULT 0,
  errors TEXT NOT NULL,
  run TEXT,
  only_name TEXT,
  only_unhandled INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX work_by_handler ON work (handler, due_at, seq);
CREATE INDEX work_by_seq ON work (seq);
CREATE INDEX work_claimed ON work (seq) WHERE claimed = 1;
CREATE INDEX work_careful ON work (seq) WHERE careful = 1;
CREATE INDEX work_by_run ON work (run) WHERE run IS NOT NULL;
CREATE INDEX work_of_first_run ON work (seq) WHERE run IS NULL;

-- Replays, with the number of events in their work rows. cancelled: nothing more is to be made of it.
CREATE TABLE run (
  id TEXT PRIMARY KEY,
  events INTEGER NOT NULL DEFAULT 0,
  cancelled INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE TRIGGER work_of_run_made AFTER INSERT ON work WHEN new.run IS NOT NULL BEGIN
  INSERT INTO run (id, events) VALUES (new.run, new.last - new.first + 1)
  ON CONFLICT DO UPDATE SET events = events + excluded.events;
END;
CREATE TRIGGER work_of_run_gone AFTER DELETE ON work WHEN old.run IS NOT NULL BEGIN
  UPDATE run SET events = events - (old.last - old.first + 1) WHERE id = old.run;
END;
CREATE INDEX work_in_order ON work (handler, order_key, seq, first) WHERE order_key IS NOT NULL;
CREATE INDEX work_with_key ON work (handler, due_at, seq) WHERE order_key >= 0;

-- The event that is with its handler while a delivery is worked on carefully.
CREATE TABLE under_way (
  seq INTEGER PRIMARY KEY,
  element_index INTEGER NOT NULL,
  handler TEXT NOT NULL
) STRICT;

-- How often an event was under way when a process died; kept until nothing is left to do on its delivery.
CREATE TABLE death (
  seq INTEGER NOT NULL,
  element_index INTEGER NOT NULL,
  handler TEXT NOT NULL,
  times INTEGER NOT NULL,
  PRIMARY KEY (seq, element_index, handler)
) STRICT, WITHOUT ROWID;

-- Carries its own copy of the element. Pruning keeps the row of the delivery and takes its bytes.
CREATE TABLE dead_letter (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  seq INTEGER NOT NULL,
  handler TEXT NOT NULL,
  element_index INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  at INTEGER NOT NULL,
  size INTEGER NOT NULL,
  redeliveries INTEGER NOT NULL DEFAULT 0,
  run TEXT,
  errors TEXT NOT NULL,
  element BLOB NOT NULL
) STRICT;
CREATE INDEX dead_letter_by_seq ON dead_letter (seq);

CREATE TABLE quarantine (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  seq INTEGER NOT NULL,
  element_index INTEGER,
  at INTEGER NOT NULL,
  -- Reason and path as JSON: a path quotes keys of the payload, and Node 22 cuts text at a NUL.
  what TEXT NOT NULL
) STRICT;
CREATE INDEX quarantine_by_seq ON quarantine (seq);

CREATE TABLE unhandled (
  name TEXT PRIMARY KEY,
  count INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What another process asks of the owner: written by the one, carried out by the other, who notes the result.
CREATE TABLE wish (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  made_at INTEGER NOT NULL,
  kind TEXT NOT NULL,
  arguments TEXT NOT NULL,
  result TEXT
) STRICT;

-- Slices of time whose keys of events are kept, each in a table event_keys_<width>_<place> that is made and dropped
-- whole; a place is used again when its slice has expired.
CREATE TABLE key_slice (
  width INTEGER NOT NULL,
  number INTEGER NOT NULL,
  PRIMARY KEY (width, number)
) STRICT, WITHOUT ROWID;

-- Events that were absorbed as copies of others.
CREATE TABLE duplicate_event (
  source TEXT PRIMARY KEY,
  count INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- mark: the first pass has ended for all up to it. claimed: all up to it have been claimed once.
-- The rest are counts, so that nothing is ever counted by walking: settled first passes, their bytes and their events,
-- deliveries with work rows, dead letters, items in quarantine, what was dropped of both.
CREATE TABLE progress (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  mark INTEGER NOT NULL,
  claimed INTEGER NOT NULL,
  settled INTEGER NOT NULL,
  settled_bytes INTEGER NOT NULL,
  events INTEGER NOT NULL,
  with_work INTEGER NOT NULL,
  dead_letters INTEGER NOT NULL,
  quarantined INTEGER NOT NULL,
  cancelled INTEGER NOT NULL
) STRICT;
INSERT INTO progress VALUES (1, 0, 0, 0, 0, 0, 0, 0, 0, 0);
`

const upkeep = `
-- Deliveries whose stored bytes are not those that were received any more: the hash and size of what is stored instead,
-- nothing at all when retention has taken them. taken: it has, once.
CREATE TABLE altered (
  seq INTEGER PRIMARY KEY,
  sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
  size INTEGER NOT NULL,
  taken INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Deliveries that retention passed and could not remove yet.
CREATE TABLE later (
  seq INTEGER PRIMARY KEY
) STRICT;

CREATE INDEX dead_letter_by_time ON dead_letter (at);
CREATE INDEX quarantine_by_time ON quarantine (at);

-- How far retention has gone through the log, for bodies and for rows; dead letters and quarantine that it has removed;
-- elements that were erased; how often the log of SQLite was emptied for somebody who asked.
CREATE TABLE upkeep (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  bodies_to INTEGER NOT NULL,
  keys_to INTEGER NOT NULL,
  expired INTEGER NOT NULL,
  erased INTEGER NOT NULL,
  purges INTEGER NOT NULL
) STRICT;
INSERT INTO upkeep VALUES (1, 0, 0, 0, 0, 0);
`

const together = `
-- The events that are with their handlers while a delivery is worked on carefully: several, where there was one.
CREATE TABLE under_way_together (
  seq INTEGER NOT NULL,
  element_index INTEGER NOT NULL,
  handler TEXT NOT NULL,
  PRIMARY KEY (seq, element_index, handler)
) STRICT, WITHOUT ROWID;
INSERT INTO under_way_together SELECT seq, element_index, handler FROM under_way;
DROP TABLE under_way;
ALTER TABLE under_way_together RENAME TO under_way;
`

const turns = `
-- waits_for: 'turn' are rows that are not claimed by their time: parked behind others of their key until they are woken,
-- or unread, in the order of the log. They were told by their due time before, which every leap of the clock moved.
ALTER TABLE work ADD COLUMN waits_for TEXT NOT NULL DEFAULT 'time' CHECK (waits_for IN ('time', 'turn'));
UPDATE work SET waits_for = 'turn' WHERE order_key = -1;
UPDATE work SET waits_for = CASE WHEN order_key >= 0 THEN 'turn' ELSE 'time' END, due_at = 0 WHERE due_at > 4503599627370496;
DROP INDEX work_by_handler;
DROP INDEX work_with_key;
CREATE INDEX work_by_handler ON work (handler, waits_for, due_at, seq);

-- The last time of day that retention went by.
ALTER TABLE upkeep ADD COLUMN believed_at INTEGER NOT NULL DEFAULT 0;
`

const owners = `
-- How often another process became the owner of the file.
ALTER TABLE upkeep ADD COLUMN owners INTEGER NOT NULL DEFAULT 0;
-- The inode of the file while an owner has it, or when one ended without closing it: a copy has another. Empty: closed.
ALTER TABLE upkeep ADD COLUMN open_as TEXT NOT NULL DEFAULT '';

-- Deliveries that retention has taken the bytes and the headers of: what a repeat is told by, and no more. A row that only
-- shrinks leaves its page to itself; these stand close together.
CREATE TABLE forgotten (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL,
  source TEXT NOT NULL,
  batch_id TEXT,
  is_test INTEGER NOT NULL,
  sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
  received_at INTEGER NOT NULL,
  size INTEGER NOT NULL,
  credential TEXT,
  origin TEXT NOT NULL
) STRICT;
INSERT INTO forgotten (seq, id, source, batch_id, is_test, sha256, received_at, size, credential, origin)
  SELECT seq, id, source, batch_id, is_test, d.sha256, received_at, d.size, meta ->> '$.credential', meta ->> '$.origin'
  FROM altered a JOIN delivery d USING (seq) WHERE a.size = 0;
DELETE FROM delivery WHERE seq IN (SELECT seq FROM forgotten);
DELETE FROM altered WHERE seq IN (SELECT seq FROM forgotten);
-- Casts, so that both halves have the same affinities: else SQLite makes the whole of it before it looks for a row.
CREATE VIEW known AS
  SELECT seq, id, source, batch_id, is_test, sha256, received_at, meta, size, coding, body, 0 AS forgotten FROM delivery
  UNION ALL
  SELECT seq, id, source, batch_id, is_test, sha256, received_at,
         CAST(json_object('headers', json_array(), 'credential', credential, 'origin', origin, 'undecoded', NULL) AS TEXT),
         size, CAST(NULL AS TEXT), CAST(x'' AS BLOB), 1
  FROM forgotten;
`

const underWay = `
-- Saved progress of passes that are not settled: first passes (work_id 0) and passes over work rows. Part 0 says which
-- elements are finished, the later parts what they left: rows, dead letters, quarantine, counts.
CREATE TABLE pass_progress (
  seq INTEGER NOT NULL,
  work_id INTEGER NOT NULL,
  part INTEGER NOT NULL,
  what TEXT NOT NULL,
  PRIMARY KEY (seq, work_id, part)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER work_gone AFTER DELETE ON work BEGIN
  DELETE FROM pass_progress WHERE seq = old.seq AND work_id = old.id;
END;
`

const looks = `
-- Sources, and words that are counted.
CREATE TABLE word (
  id INTEGER PRIMARY KEY,
  text TEXT NOT NULL UNIQUE
) STRICT;

-- Counts by time: how often, and the sum of what was measured. The key begins with the time, so that a commit touches one
-- page. Hours and days are added up from minutes when they are over; what comes late goes to each that is there.
CREATE TABLE tally_minute (
  at INTEGER NOT NULL,
  source INTEGER NOT NULL,
  word INTEGER NOT NULL,
  n INTEGER NOT NULL,
  sum INTEGER NOT NULL,
  PRIMARY KEY (at, source, word)
) STRICT, WITHOUT ROWID;
CREATE TABLE tally_hour (
  at INTEGER NOT NULL,
  source INTEGER NOT NULL,
  word INTEGER NOT NULL,
  n INTEGER NOT NULL,
  sum INTEGER NOT NULL,
  PRIMARY KEY (at, source, word)
) STRICT, WITHOUT ROWID;
CREATE TABLE tally_day (
  at INTEGER NOT NULL,
  source INTEGER NOT NULL,
  word INTEGER NOT NULL,
  n INTEGER NOT NULL,
  sum INTEGER NOT NULL,
  PRIMARY KEY (at, source, word)
) STRICT, WITHOUT ROWID;
-- Up to which hour and day they are added up, and from which minute and hour they are kept.
CREATE TABLE tally_mark (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  hours_to INTEGER NOT NULL,
  days_to INTEGER NOT NULL,
  minutes_from INTEGER NOT NULL,
  hours_from INTEGER NOT NULL
) STRICT;
INSERT INTO tally_mark VALUES (1, 0, 0, 0, 0);

-- Uses of credentials by stored deliveries; credential '': it has no label.
CREATE TABLE seen (
  source TEXT NOT NULL,
  credential TEXT NOT NULL,
  first_at INTEGER NOT NULL,
  last_at INTEGER NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (source, credential)
) STRICT, WITHOUT ROWID;

-- What operators did, the latest.
CREATE TABLE action (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  who TEXT,
  verb TEXT NOT NULL,
  filter TEXT NOT NULL,
  matched INTEGER NOT NULL,
  queued INTEGER NOT NULL
) STRICT;
`

const memos = `
-- What is remembered beside deliveries, such as which findings were told; texts are JSON.
CREATE TABLE memo (
  name TEXT PRIMARY KEY,
  version INTEGER NOT NULL,
  text TEXT NOT NULL
) STRICT, WITHOUT ROWID;
`

const traces = `
-- A filter of a delivery's message ids and addresses: what it denies is not in the delivery. NULL: unknown. Empty: none.
ALTER TABLE settled ADD COLUMN trace BLOB;
`

const times = `
-- The time of the last write, to within a second: due times are computed from it.
ALTER TABLE upkeep ADD COLUMN latest_at INTEGER NOT NULL DEFAULT 0;
`

export const migrations: readonly string[] = [
  ...[first, upkeep, together, turns, owners, underWay, looks, memos, traces, times],
]
