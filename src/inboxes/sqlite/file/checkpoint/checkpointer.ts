/**
 * The side of the file's thread of a second thread that checkpoints: moves the WAL of SQLite into the file, so that no
 * group waits for it. The two threads share two numbers, which the file's thread reads between groups.
 */
import type { Worker } from 'node:worker_threads'
import { startThread } from '../../../../lib/thread-code.ts'
import { CHECKPOINT_THREAD } from './checkpoint-thread.ts'
import { AT, type CheckpointRequest, RESULTS, type Result } from './shared-words.ts'

/** Longest wait of `wait`: neither a dead thread nor a disk that hangs may hold up a close. */
const PATIENCE_MS = 2_000

export class Checkpointer {
  readonly #shared = new Int32Array(new SharedArrayBuffer(8))
  /** For tests. */
  worker: Worker | null = null
  #ended = false

  isRunning(): boolean {
    return Atomics.load(this.#shared, AT.running) === 1
  }

  /** The result of the last checkpoint, returned once; null: none since. */
  takeResult(): Result | null {
    const result = RESULTS[Atomics.exchange(this.#shared, AT.result, 0)] ?? 'none'
    return result === 'none' ? null : result
  }

  /** Begins a checkpoint; the first call starts the thread. False: the thread has ended. */
  begin(path: string): boolean {
    if (this.#ended) return false
    this.worker ??= this.#start()
    Atomics.store(this.#shared, AT.running, 1)
    this.worker.postMessage({ path } satisfies CheckpointRequest)
    return true
  }

  /** Returns when no checkpoint is under way, or after `PATIENCE_MS`. */
  wait(): void {
    Atomics.wait(this.#shared, AT.running, 1, PATIENCE_MS)
  }

  #start(): Worker {
    const resourceLimits = { maxYoungGenerationSizeMb: 1 }
    const options = { workerData: this.#shared, name: 'posthorn-checkpoint', resourceLimits }
    const worker = startThread(CHECKPOINT_THREAD, options)
    worker.unref()
    // It ends with an error, or with the thread that started it.
    worker.on('error', () => {})
    worker.on('exit', () => {
      this.#ended = true
      Atomics.store(this.#shared, AT.running, 0)
    })
    return worker
  }
}
