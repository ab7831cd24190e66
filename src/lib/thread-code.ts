import { Worker, type WorkerOptions } from 'node:worker_threads'

/** What a thread runs. From the sources it is their file; built, it is the text of a program, so that a bundle has it. */
export type ThreadCode = URL | string

/**
 * A thread that runs `code`. The class is not called by `new Worker(code)`, because a bundler (Turbopack of Next 16.4)
 * takes the argument of that for a file of the bundle.
 */
export function startThread(code: ThreadCode, options: WorkerOptions): Worker {
  // Flags of the process are left out: with some of them (--input-type) a thread does not start.
  return Reflect.construct(Worker, [code, { ...options, eval: typeof code === 'string', execArgv: [] }])
}
