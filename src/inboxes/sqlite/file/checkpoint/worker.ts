/** The checkpoint thread: one checkpoint for each message, the result in shared memory. */
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

/** Drops the error: the file's thread meets it when it checkpoints itself. */
function tryToCheckpoint(path: string): Result {
  try {
    return checkpoint(path)
  } catch {
    return 'failed'
  }
}

/**
 * Opens a connection for one checkpoint: when the file's thread reopens its own after a failure, no other may be open.
 */
function checkpoint(path: string): Result {
  // Opening a deleted file would create it anew.
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
