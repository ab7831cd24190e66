/** What a receiver process is told to be, and the instants at which it can be told to die. */
import type { ReceiverLimits, RetentionOptions } from '../../../src/public/options.ts'
import type { RetryOptions } from '../../../src/types.ts'

/** The instants of one delivery's way, in order, at which the process can kill itself. */
export const WINDOWS = [
  'connected',
  'body begun',
  'body complete',
  'stored',
  'answer begun',
  'answered',
  'claimed',
  'in the handler',
  'handled',
  'settled',
] as const

export type Window = (typeof WINDOWS)[number]

export interface Plan {
  /** The inbox. */
  readonly path: string
  /** Where the handler writes what it did, synced line by line. */
  readonly effects: string
  /** `gate` waits until it is told to go on, `hang` for ever, `block` stops the event loop for a while. `idle` does nothing and keeps no record. `lives`: those of lives.ts. Default `work`. */
  readonly handler?: 'work' | 'gate' | 'hang' | 'idle' | 'none' | 'lives'
  /** Of a `lives` process: how many were before it on its file. */
  readonly generation?: number
  readonly killAt?: Window
  readonly limits?: ReceiverLimits
  readonly memoryBytes?: number
  readonly retry?: RetryOptions
  readonly timeoutMs?: number
  readonly concurrency?: number
  readonly minFreeBytes?: number
  readonly ownerWaitMs?: number
  readonly closeMs?: number
  /** Copies of events are absorbed for so long. Default: they are not. */
  readonly dedupeWindowMs?: number
  readonly retention?: RetentionOptions
  /** How far the wall clock of the process is ahead, in ms; negative: behind. */
  readonly clockMs?: number
}
