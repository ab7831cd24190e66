/** What a handler did, in a file of its own: a line for each call that went through, on the disk before it returns. */
import { existsSync, fdatasyncSync, openSync, readFileSync, writeSync } from 'node:fs'

export interface Effect {
  /** Id of the event. */
  readonly id: string
  /** The number its sender gave the event. */
  readonly n: number
  readonly attempt: number
  /** The replay it belongs to; null: none. */
  readonly run: string | null
  /** Whose effect it is; absent where there is one handler. */
  readonly handler?: string | undefined
}

export function openEffects(path: string): (effect: Effect) => void {
  const file = openSync(path, 'a')
  return ({ id, n, attempt, run, handler = '' }) => {
    writeSync(file, `${id} ${n} ${attempt} ${run ?? '-'} ${handler}\n`)
    fdatasyncSync(file)
  }
}

/** In the order they happened; a line cut by a kill is none. */
export function readEffects(path: string): Effect[] {
  if (!existsSync(path)) return []
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1)
  return lines.map((line) => {
    const [id = '', n, attempt, run = '-', handler] = line.split(' ')
    const whose = handler === undefined || handler === '' ? {} : { handler }
    return { id, n: Number(n), attempt: Number(attempt), run: run === '-' ? null : run, ...whose }
  })
}
