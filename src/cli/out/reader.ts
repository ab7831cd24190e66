/** Whether anybody reads stdout on. */
import { spawn } from 'node:child_process'
import { fstatSync } from 'node:fs'
import { devNull } from 'node:os'

/**
 * Works with a signal that fires when `stop` does, and when nobody reads on: a write would tell, but a watch may have
 * nothing to write for hours.
 */
export async function whileRead<T>(stop: AbortSignal, work: (stop: AbortSignal) => Promise<T>): Promise<T> {
  const left = new AbortController()
  const end = () => left.abort()
  // A write that failed.
  process.stdout.once('error', end)
  const forget = onPipeClosed(end)
  try {
    return await work(AbortSignal.any([stop, left.signal]))
  } finally {
    forget()
    process.stdout.off('error', end)
  }
}

/**
 * Node has no poll(2), by which alone a pipe tells that its other end was closed. GNU tail has, and ends of SIGPIPE then;
 * it ends when this process does. Where there is another tail or none, the next write finds it out.
 */
function onPipeClosed(call: () => void): () => void {
  if (!isPipe()) return () => {}
  const args = ['-f', devNull, `--pid=${process.pid}`]
  const tail = spawn('tail', args, { stdio: ['ignore', 'inherit', 'ignore'] })
  tail.once('error', () => {})
  tail.once('exit', (_, signal) => signal === 'SIGPIPE' && call())
  tail.unref()
  return () => void tail.removeAllListeners('exit').kill()
}

const isPipe = () => fstatSync(1).isFIFO()
