/**
 * The writer's end of a thread that brings the log of SQLite into the file, so that no group waits for it. The two share
 * two numbers, and the writer looks at them between groups.
 */
import type { Worker } from 'node:worker_threads'
import { startThread } from '../../../../lib/thread-code.ts'
import { CHECKPOINT_THREAD } from './checkpoint-thread.ts'
import { AT, type CheckpointRequest, RESULTS, type Result } from './shared-words.ts'

/** A thread that has ended without a word must not hold up the end of the writer; nor a disk that hangs. */
const PATIENCE_MS = 2_000

export class Checkpointer {
  readonly #shared = new Int32Array(new SharedArrayBuffer(8))
  /** For tests. */
  worker: Worker | null = null
  #ended = false

  isRunning(): boolean {
    return Atomics.load(this.#shared, AT.running) === 1
  }

  /** What the last one came to. Asked once; null when there is nothing to tell. */
  takeResult(): Result | null {
    const result = RESULTS[Atomics.exchange(this.#shared, AT.result, 0)] ?? 'none'
    return result === 'none' ? null : result
  }

  /** False when there is no thread any more. The first one starts it. */
  begin(path: string): boolean {
    if (this.#ended) return false
    this.worker ??= this.#start()
    Atomics.store(this.#shared, AT.running, 1)
    this.worker.postMessage({ path } satisfies CheckpointRequest)
    return true
  }

  /** Returns when none is under way. */
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
