/** Verbs that are under way, or were: in this process, the latest of them. */
import { randomBytes } from 'node:crypto'
import { toBase32 } from '../lib/base32.ts'
import { toldOf } from '../lib/told-error.ts'
import { maskText } from './addresses.ts'
import type { Action, Progress } from './types.ts'
import type { Done, Outcome, Running } from './verbs.ts'

/** At once: each may go through the whole inbox. */
const MOST_RUNNING = 4
const KEPT = 100

export interface NewRun {
  /** The token of the form that began it; null: a script did. */
  readonly form: string | null
  readonly verb: Action
  readonly filter: string
  readonly matched: number
  now(): number
  /** The form that goes on, where it has come so far. */
  again(place: string | null): Progress['again']
  work(running: Running): Promise<Outcome>
}

/** One that was begun. */
export interface Begun {
  readonly id: string
  /** Resolves with how it failed; null: it did not. */
  readonly ended: Promise<{ readonly error: unknown } | null>
}

interface Run extends Begun {
  readonly form: string | null
  readonly stop: AbortController
  progress(): Progress
}

export class Runs {
  readonly #runs = new Map<string, Run>()

  get hasRoom(): boolean {
    return [...this.#runs.values()].filter((run) => run.progress().state === 'running').length < MOST_RUNNING
  }

  find(id: string): Progress | null {
    return this.#runs.get(id)?.progress() ?? null
  }

  /** That of a form that was sent before. */
  ofForm(token: string): Begun | undefined {
    return [...this.#runs.values()].find(({ form }) => form === token)
  }

  /** Stops between two portions; what is done stays done. */
  stop(id: string): void {
    this.#runs.get(id)?.stop.abort()
  }

  begin({ form, verb, filter, matched, now, again, work }: NewRun): Begun {
    const run = `w_${toBase32(randomBytes(10))}`
    const stop = new AbortController()
    const startedAt = new Date(now())
    let progress: Progress = {
      run,
      verb,
      filter,
      state: 'running',
      matched,
      done: 0,
      startedAt,
      endedAt: null,
      error: null,
      replay: null,
      again: null,
    }
    let place: string | null = null
    const end = (state: Progress['state'], changes: Partial<Progress>) => {
      progress = { ...progress, ...changes, state, endedAt: new Date(now()) }
      if (state !== 'done') progress = { ...progress, again: again(place) }
    }
    const onProgress = ({ done, run: replay, ...more }: Done) => {
      place = more.place ?? place
      if (progress.state === 'running') progress = { ...progress, done, replay: replay ?? progress.replay }
    }
    const ended = work({ dryRun: false, atMost: matched, signal: stop.signal, onProgress }).then(
      (outcome) => {
        // Of a count that was stopped nothing is left to be said.
        const isStopped = stop.signal.aborted
        const counted = isStopped ? Math.max(matched, outcome.matched) : outcome.matched
        end(isStopped ? 'stopped' : 'done', { matched: counted, done: outcome.queued })
        return null
      },
      (error: unknown) => {
        end('failed', { error: said(error) })
        return { error }
      },
    )
    const begun: Run = { id: run, ended, form, stop, progress: () => progress }
    this.#runs.set(run, begun)
    this.#forget()
    return begun
  }

  /** Of one that has done nothing, and has been asked for again. */
  forget(id: string): void {
    this.#runs.delete(id)
  }

  #forget(): void {
    for (const [id, run] of this.#runs) {
      if (this.#runs.size <= KEPT) return
      if (run.progress().state !== 'running') this.#runs.delete(id)
    }
  }
}

function said(error: unknown): string {
  const { errorMessage, code } = toldOf(error) as { readonly errorMessage?: unknown; readonly code?: unknown }
  return maskText(String(errorMessage ?? code ?? 'it failed'))
}
