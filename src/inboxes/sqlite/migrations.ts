/** The schema, as numbered steps. A step that was released is never changed; `user_version` counts those applied. */

/** `Phrn`: tells our files from those of others. */
export const APPLICATION_ID = 0x50_68_72_6e

const first = `
-- The log. Written once by accept; progress never touches it. The body stands last, so that the other columns are
-- read without walking its pages.
CREATE TABLE delivery (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL,
  source TEXT NOT NULL,
  batch_id TEXT,
  sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
  received_at INTEGER NOT NULL,
  meta TEXT NOT NULL,
  size INTEGER NOT NULL,
  coding TEXT CHECK (coding IN ('zstd')),
  body BLOB NOT NULL
) STRICT;
CREATE INDEX delivery_by_id ON delivery (id);

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

-- Deliveries from from_seq up to the next row belong to these handlers.
CREATE TABLE epoch (
  from_seq INTEGER PRIMARY KEY,
  handlers TEXT NOT NULL,
  events INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Every handler that was ever opened with.
CREATE TABLE handler (
  name TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;

CREATE TABLE work (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  seq INTEGER NOT NULL,
  handler TEXT NOT NULL,
  first INTEGER NOT NULL,
  last INTEGER NOT NULL CHECK (0 <= first AND first <= last),
  attempts INTEGER NOT NULL,
  due_at INTEGER NOT NULL,
  errors TEXT NOT NULL
) STRICT;
CREATE INDEX work_by_handler ON work (handler, due_at, seq);
CREATE INDEX work_by_seq ON work (seq);

-- Carries its own copy of the element. Pruning keeps the row of the delivery and takes its bytes.
CREATE TABLE dead_letter (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  seq INTEGER NOT NULL,
  handler TEXT NOT NULL,
  element_index INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  at INTEGER NOT NULL,
  size INTEGER NOT NULL,
  errors TEXT NOT NULL,
  element BLOB NOT NULL
) STRICT;

CREATE TABLE quarantine (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  seq INTEGER NOT NULL,
  element_index INTEGER,
  at INTEGER NOT NULL,
  -- Reason and path as JSON: a path quotes keys of the payload, and Node 22 cuts text at a NUL.
  what TEXT NOT NULL
) STRICT;

CREATE TABLE unhandled (
  name TEXT PRIMARY KEY,
  count INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- mark: the first pass has ended for all up to it. claimed: all up to it have been claimed once.
-- The rest are counts, so that nothing is ever counted by walking: settled first passes, deliveries with work rows,
-- dead letters, items in quarantine.
CREATE TABLE progress (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  mark INTEGER NOT NULL,
  claimed INTEGER NOT NULL,
  settled INTEGER NOT NULL,
  with_work INTEGER NOT NULL,
  dead_letters INTEGER NOT NULL,
  quarantined INTEGER NOT NULL
) STRICT;
INSERT INTO progress VALUES (1, 0, 0, 0, 0, 0, 0);
`

export const migrations: readonly string[] = [first]
