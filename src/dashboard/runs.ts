/** Verbs that are under way, or were: in this process, the latest of them. */
import { randomBytes } from 'node:crypto'
import { toBase32 } from '../lib/base32.ts'
import { toldOf } from '../lib/told-error.ts'
import { maskText } from './addresses.ts'
import type { Action, Progress } from './types.ts'
import type { Outcome, Running } from './verbs.ts'

/** At once: each may go through the whole inbox. */
const MOST_RUNNING = 4
const KEPT = 100

export interface NewRun {
  readonly verb: Action
  readonly filter: string
  readonly matched: number
  now(): number
  work(running: Running): Promise<Outcome>
}

interface Run {
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

  /** Stops between two portions; what is done stays done. */
  stop(id: string): void {
    this.#runs.get(id)?.stop.abort()
  }

  /** `ended` resolves with null where it failed. */
  begin({ verb, filter, matched, now, work }: NewRun): {
    readonly id: string
    readonly ended: Promise<Outcome | null>
  } {
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
    }
    const end = (state: Progress['state'], changes: Partial<Progress>) => {
      progress = { ...progress, ...changes, state, endedAt: new Date(now()) }
    }
    const onProgress = ({ done }: { readonly done: number }) => {
      if (progress.state === 'running') progress = { ...progress, done }
    }
    const ended = work({ dryRun: false, signal: stop.signal, onProgress }).then(
      (outcome) => {
        end(stop.signal.aborted ? 'stopped' : 'done', { matched: outcome.matched, done: outcome.queued })
        return outcome
      },
      (error: unknown) => {
        end('failed', { error: said(error) })
        return null
      },
    )
    this.#runs.set(run, { stop, progress: () => progress })
    this.#forget()
    return { id: run, ended }
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
