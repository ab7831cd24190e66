/** Brings the log of SQLite into the file, once for each message; what came of it stands in shared memory. */
import { existsSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import { Database } from '../db/database.ts'
import { AT, type CheckpointRequest, type Frames, isWhole, RESULTS, type Result } from './shared-words.ts'

const shared = workerData as Int32Array

parentPort?.on('message', ({ path }: CheckpointRequest) => {
  Atomics.store(shared, AT.result, RESULTS.indexOf(tryToCheckpoint(path)))
  Atomics.store(shared, AT.running, 0)
  Atomics.notify(shared, AT.running)
})

/** Why it failed the writer finds out when it does it itself. */
function tryToCheckpoint(path: string): Result {
  try {
    return checkpoint(path)
  } catch {
    return 'failed'
  }
}

/** The connection is made for this alone: when the writer closes its own, to see what a failure has left, none is open. */
function checkpoint(path: string): Result {
  // To open a file that was deleted would make it anew.
  if (!existsSync(path)) return 'failed'
  const db = new Database(path)
  try {
    db.exec('PRAGMA busy_timeout = 0; PRAGMA wal_autocheckpoint = 0; PRAGMA synchronous = FULL')
    db.exec('PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON')
    return isWhole(db.get<Frames>('PRAGMA wal_checkpoint(PASSIVE)')) ? 'whole' : 'left'
  } finally {
    db.close()
  }
}
