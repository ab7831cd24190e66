/** The tables, as numbered steps. A step that was published is never changed: the next one is added. */

/**
 * Ours are instants of the clock the inbox is opened with, in epoch ms; `until` is the server's own. Texts that may hold
 * anything (NUL, halves of characters) are JSON.
 */
const FIRST = `
CREATE TABLE @control (one bool PRIMARY KEY CHECK (one), version int4 NOT NULL, least_client int4 NOT NULL,
  handlers_changed int8 NOT NULL DEFAULT 0, believed_at float8 NOT NULL DEFAULT 0, latest_at float8 NOT NULL DEFAULT 0,
  careful_owner int8);
INSERT INTO @control (one, version, least_client) VALUES (true, 0, 1);

CREATE SEQUENCE @delivery_seq CACHE 1;
CREATE SEQUENCE @row_id CACHE 1;

-- The one place of uniqueness. hash: the first 16 bytes of the SHA-256 of the delivery id.
CREATE TABLE @key (hash uuid PRIMARY KEY, seq int8 NOT NULL, sha256 bytea NOT NULL, duplicates int4 NOT NULL DEFAULT 0,
  sender_left bool NOT NULL DEFAULT false) WITH (fillfactor = 90, autovacuum_vacuum_scale_factor = 0.02);
-- The same id with other bytes.
CREATE TABLE @key_other (hash uuid NOT NULL, sha256 bytea NOT NULL, seq int8 NOT NULL, duplicates int4 NOT NULL DEFAULT 0,
  sender_left bool NOT NULL DEFAULT false, PRIMARY KEY (hash, sha256));

CREATE TABLE @delivery (seq int8 PRIMARY KEY, hash uuid NOT NULL, id text NOT NULL, source text NOT NULL, batch_id text,
  is_test bool NOT NULL, sha256 bytea NOT NULL, received_at float8 NOT NULL, size int4 NOT NULL, coding int2 NOT NULL, meta text NOT NULL);
CREATE TABLE @body (seq int8 PRIMARY KEY, body bytea NOT NULL) WITH (autovacuum_vacuum_insert_threshold = -1);
ALTER TABLE @body ALTER body SET STORAGE EXTERNAL;
CREATE TABLE @settled (seq int8 PRIMARY KEY, owner int8 NOT NULL, events int4, set_id int4);
CREATE TABLE @altered (seq int8 PRIMARY KEY, sha256 bytea NOT NULL, size int4 NOT NULL, taken bool NOT NULL);

-- First passes that have not ended. An index on owner would make each claim write every index anew.
CREATE TABLE @pass (seq int8 PRIMARY KEY, source text NOT NULL, size int4 NOT NULL, owner int8, set_id int4,
  careful bool NOT NULL DEFAULT false)
  WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0, vacuum_truncate = false);
CREATE INDEX ON @pass (seq) WHERE careful;

-- state: 0 waits for its time, 1 is parked, 2 is unread.
CREATE TABLE @work (id int8 PRIMARY KEY, seq int8 NOT NULL, source text NOT NULL, handler text NOT NULL, first int4 NOT NULL,
  last int4 NOT NULL, attempts int4 NOT NULL, due_at float8 NOT NULL, state int2 NOT NULL, order_key int8,
  careful bool NOT NULL DEFAULT false, errors text NOT NULL, run text, only_name text, only_unhandled bool NOT NULL DEFAULT false)
  WITH (fillfactor = 90, autovacuum_vacuum_scale_factor = 0.02);
CREATE INDEX ON @work (handler, due_at, seq) WHERE state = 0;
CREATE INDEX ON @work (handler, seq, first) WHERE state = 2;
CREATE INDEX ON @work (handler, order_key, seq, first) WHERE order_key IS NOT NULL;
CREATE INDEX ON @work (seq);
CREATE INDEX ON @work (run) WHERE run IS NOT NULL;
CREATE INDEX ON @work (id) WHERE careful;
-- Deliveries whose rows are under claim.
CREATE TABLE @held (seq int8 PRIMARY KEY, owner int8 NOT NULL, rows int8[] NOT NULL);

CREATE TABLE @process (owner int8 PRIMARY KEY, until timestamptz NOT NULL, started_at timestamptz NOT NULL DEFAULT now(),
  host text NOT NULL, pid int4 NOT NULL, handlers text[] NOT NULL, ordered bool NOT NULL, sources text[]) WITH (fillfactor = 50);
CREATE TABLE @handler (name text PRIMARY KEY, seen_at float8 NOT NULL, ordered bool NOT NULL DEFAULT false);
CREATE TABLE @handler_set (id int4 GENERATED ALWAYS AS IDENTITY PRIMARY KEY, names text NOT NULL UNIQUE);
CREATE TABLE @alias (former text PRIMARY KEY, name text NOT NULL);
CREATE TABLE @pause (handler text PRIMARY KEY, reason text NOT NULL, since float8 NOT NULL);

CREATE TABLE @under_way (seq int8 PRIMARY KEY, owner int8 NOT NULL, calls text NOT NULL);
CREATE TABLE @death (seq int8, element_index int4, handler text, times int4 NOT NULL, PRIMARY KEY (seq, element_index, handler));
-- work_id 0: of the first pass. Part -1 says how far it has come, the others what stands for elements that are over.
CREATE TABLE @progress (seq int8, work_id int8, part int4, reached text, ends text, PRIMARY KEY (seq, work_id, part));

CREATE TABLE @dead_letter (id int8 PRIMARY KEY, seq int8 NOT NULL, handler text NOT NULL, element_index int4 NOT NULL,
  attempts int4 NOT NULL, at float8 NOT NULL, size int4 NOT NULL, redeliveries int4 NOT NULL DEFAULT 0, run text,
  errors text NOT NULL, element bytea NOT NULL);
CREATE INDEX ON @dead_letter (seq);
CREATE INDEX ON @dead_letter (at);
CREATE TABLE @quarantine (id int8 PRIMARY KEY, seq int8 NOT NULL, element_index int4, at float8 NOT NULL, what text NOT NULL);
CREATE INDEX ON @quarantine (seq);
CREATE INDEX ON @quarantine (at);

CREATE TABLE @batch (hash uuid PRIMARY KEY, seq int8 NOT NULL);
-- Appended to, and folded: no row that everybody updates. Names are JSON.
CREATE TABLE @counter (kind text NOT NULL, name text NOT NULL, n int8 NOT NULL);
CREATE TABLE @run (id text PRIMARY KEY);
CREATE TABLE @event_key (width int8, slice int8, high int8, low int8 NOT NULL, seq int8 NOT NULL, PRIMARY KEY (width, slice, high));
`

/** What the processes remember together; texts are JSON. */
const MEMOS = `
CREATE TABLE @memo (name text PRIMARY KEY, version int8 NOT NULL, text text NOT NULL);
`

/**
 * Counts by time, last uses, actions. `at` is the number of the step since 1970; words and labels are JSON. What is appended to
 * the first two is folded into the others every minute.
 */
const LOOKS = `
CREATE TABLE @told (at int8 NOT NULL, source text NOT NULL, word text NOT NULL, n int8 NOT NULL, sum int8 NOT NULL)
  WITH (autovacuum_vacuum_scale_factor = 0.01, vacuum_truncate = false);
-- n deliveries have come, and so many of them were stored: the others are repeats.
CREATE TABLE @receipt (at int8 NOT NULL, source text NOT NULL, credential text NOT NULL, n int8 NOT NULL, bytes int8 NOT NULL,
  stored int8 NOT NULL, stored_bytes int8 NOT NULL, first_at float8 NOT NULL, last_at float8 NOT NULL)
  WITH (autovacuum_vacuum_scale_factor = 0.01, vacuum_truncate = false);
CREATE TABLE @word (id int4 GENERATED ALWAYS AS IDENTITY PRIMARY KEY, text text NOT NULL UNIQUE);
CREATE TABLE @tally_minute (at int8, source text, word int4, n int8 NOT NULL, sum int8 NOT NULL, PRIMARY KEY (at, source, word));
CREATE TABLE @tally_hour (at int8, source text, word int4, n int8 NOT NULL, sum int8 NOT NULL, PRIMARY KEY (at, source, word));
CREATE TABLE @tally_day (at int8, source text, word int4, n int8 NOT NULL, sum int8 NOT NULL, PRIMARY KEY (at, source, word));
CREATE TABLE @seen (source text, credential text, first_at float8 NOT NULL, last_at float8 NOT NULL, count int8 NOT NULL,
  PRIMARY KEY (source, credential));
CREATE TABLE @action (id int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at float8 NOT NULL, who text NOT NULL, verb text NOT NULL,
  filter text NOT NULL, matched int8 NOT NULL, queued int8 NOT NULL);
`

/** What says of a delivery that something cannot be in it. NULL: nobody knows. Empty: nothing is in it. */
const TRACES = `
ALTER TABLE @settled ADD COLUMN trace bytea;
ALTER TABLE @settled ALTER trace SET STORAGE EXTERNAL;
`

/** Keys of rows that were erased, until the process of their handler has heard of it: whoever erases may be another. */
const FREED = `
CREATE TABLE @freed (id int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY, handler text NOT NULL, key int8 NOT NULL);
`

/** Which process runs a handler with an order. Builds of before take themselves for the only one that claims. And how long leases are. */
const ORDERING = `
CREATE TABLE @ordering (handler text PRIMARY KEY, owner int8 NOT NULL);
ALTER TABLE @process ALTER ordered SET DEFAULT false, ADD COLUMN lease_ms float8 NOT NULL DEFAULT 3600000;
UPDATE @control SET least_client = 6;
`

export const MIGRATIONS: readonly string[] = [FIRST, MEMOS, LOOKS, TRACES, FREED, ORDERING]

/** The oldest build that the newest step leaves able to work is written into `least_client` by the step that ends others. */
export const VERSION: number = MIGRATIONS.length
