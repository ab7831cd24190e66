/** Between what a process sees and what is shared. Types only. */
import type { Activity } from './activity.ts'
import type { Leap } from './time.ts'
import type { Window } from './window.ts'

/** What one process has seen since it stored that last. */
export interface Batch {
  readonly window: Window
  readonly activity: Activity
  readonly leaps: readonly Leap[]
}
