/** For tests of what only the SQLite inbox does: a folder per test, inner settings, other processes. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, expect } from 'vitest'
import { type InboxSettings, SqliteInbox } from '../../../src/inboxes/sqlite/main/inbox.ts'
import { TestInbox } from '../test-inbox.ts'

const undo: (() => unknown)[] = []

/** Runs after the test, the latest first. */
export function later(run: () => unknown): void {
  undo.push(run)
}

afterEach(async () => {
  for (const run of undo.splice(0).reverse()) await run()
})

export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-'))
  later(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

export function newFile(): string {
  return join(newFolder(), 'inbox.db')
}

/** Closed after the test. */
export function inboxOn(path: string, settings: Partial<InboxSettings> = {}): TestInbox {
  const port = new SqliteInbox({
    path,
    ownerWaitMs: 0,
    minFreeBytes: 0,
    maxPages: null,
    cacheBytes: 64 * 1024 * 1024,
    ...settings,
  })
  later(() => port.close())
  return new TestInbox(port)
}

/** A second connection to the file, as a tool or an accident would have it. */
export function meddle<T>(path: string, run: (db: DatabaseSync) => T): T {
  const db = new DatabaseSync(path)
  try {
    return run(db)
  } finally {
    db.close()
  }
}

/** Makes of a file of today one of the third schema, where waiting for a turn was a due time. */
export const BEFORE_TURNS = `
  ALTER TABLE upkeep DROP COLUMN latest_at;
  ALTER TABLE settled DROP COLUMN trace;
  DROP TABLE memo; DROP TABLE action; DROP TABLE seen; DROP TABLE tally_mark;
  DROP TABLE tally_day; DROP TABLE tally_hour; DROP TABLE tally_minute; DROP TABLE word;
  DROP TRIGGER work_gone; DROP TABLE pass_progress;
  UPDATE work SET due_at = 9007199254740991 WHERE waits_for = 'turn' AND order_key >= 0;
  DROP INDEX work_by_handler;
  ALTER TABLE work DROP COLUMN waits_for;
  CREATE INDEX work_by_handler ON work (handler, due_at, seq);
  CREATE INDEX work_with_key ON work (handler, due_at, seq) WHERE order_key >= 0;
  DROP VIEW known;
  DROP TABLE forgotten;
  ALTER TABLE upkeep DROP COLUMN open_as;
  ALTER TABLE upkeep DROP COLUMN owners;
  ALTER TABLE upkeep DROP COLUMN believed_at;
  PRAGMA user_version = 3;`

export interface Child {
  readonly process: ChildProcess
  /** What it printed so far, a line each. */
  readonly lines: readonly string[]
  /** All of its stderr so far. */
  stderr(): string
  said(line: string): Promise<void>
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null }>
}

/** A file whose owner was killed at work on the first of two deliveries, with a note of its element 3 for `a`. */
export async function killedAtWork(): Promise<string> {
  const path = newFile()
  const child = startChild('hold', path)
  await child.said('claimed 1')
  child.process.kill('SIGKILL')
  await child.ended
  return path
}

/** Runs `child.ts` in a process of its own; killed after the test at the latest. */
export function startChild(...args: readonly string[]): Child {
  return childOf(process.execPath, [childFile, ...args])
}

/** As `startChild`, with mounts of its own, which the commands make; killed with it. */
export function startMounted(commands: string, ...args: readonly string[]): Child {
  const script = `set -e; ${commands}; exec "$@"`
  return childOf('unshare', ['-m', 'sh', '-c', script, 'sh', process.execPath, childFile, ...args])
}

/** As `startChild`, as another user of the machine. */
export function startAs(uid: number, ...args: readonly string[]): Child {
  return childOf(process.execPath, [childFile, ...args], { uid, gid: uid })
}

const childFile = new URL('./child.ts', import.meta.url).pathname

function childOf(command: string, args: readonly string[], user: { uid?: number; gid?: number } = {}): Child {
  const child = spawn(command, args, { ...user, stdio: ['ignore', 'pipe', 'pipe'] })
  const lines: string[] = []
  let stderr = ''
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line))
  child.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  const ended = new Promise<{ code: number | null; signal: string | null }>((resolve) =>
    child.on('close', (code, signal) => resolve({ code, signal })),
  )
  later(async () => {
    child.kill('SIGKILL')
    await ended
  })
  const said = async (line: string) => {
    await expect.poll(() => lines.includes(line) || stderr, { timeout: 20_000 }).toBe(true)
  }
  return { process: child, lines, stderr: () => stderr, said, ended }
}
