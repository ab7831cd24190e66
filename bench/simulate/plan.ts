/** What is simulated: who sends how much to how many receivers over how many databases, and what fails when. */
import { SCHEDULES } from '../../src/emulators/mailjet/schedule.ts'
import { backOff } from '../../src/emulators/msys/emulator.ts'
import type { Costs } from './costs.ts'

const [SECOND, MINUTE, HOUR] = [1_000, 60_000, 3_600_000]

/** How a sender gathers, posts and repeats, as the emulators have it (docs/emulators.md). */
export interface Manner {
  /** A batch goes out with so many events, or after so long. */
  readonly batchEvents: number
  readonly flushMs: number
  /** Posts at a time. */
  readonly workers: number
  readonly answerMs: number
  /** After the last of them the batch is lost. */
  readonly delaysMs: readonly number[]
}

export const MANNERS = {
  /** One worker; retries for 4 h. */
  momentum: {
    ...{ batchEvents: 10_000, flushMs: 30 * SECOND, workers: 1, answerMs: 6 * SECOND },
    delaysMs: backOff(MINUTE, 60 * MINUTE, 240 * MINUTE),
  },
  /** The events of a second; every 30 s for 24 h. That it posts four at a time is our assumption. */
  mailjet: {
    ...{ batchEvents: 10_000, flushMs: SECOND, workers: 4, answerMs: 10 * SECOND },
    delaysMs: SCHEDULES[2019].delaysMs,
  },
} as const satisfies Record<string, Manner>

/** How many batches such a sender makes, about. */
export function batchesOf({ batchEvents, flushMs }: Manner, eventsPerSecond: number, sendMs: number): number {
  const events = (eventsPerSecond * flushMs) / 1_000
  return (sendMs / flushMs) * Math.max(1, events / batchEvents)
}

export type Kind = keyof typeof MANNERS

/** It is not there from `fromMs` on, until `toMs`. */
export interface Failure {
  readonly what: 'receiver' | 'database'
  readonly at: number
  readonly fromMs: number
  readonly toMs: number
}

export interface Plan {
  readonly seed: number
  /** How long senders make events, and how long all is looked at: what waits then has waited in vain, or waits. */
  readonly sendMs: number
  readonly lookMs: number
  readonly senders: ReadonlyArray<{ readonly kind: Kind; readonly eventsPerSecond: number }>
  readonly receivers: number
  readonly databases: number
  readonly costs: Costs
  /** What a handler of the application takes for an event, in ms, beside ours. */
  readonly handlerMs: number
  readonly failures: readonly Failure[]
}

export const DEFAULTS = {
  ...{ seed: 1, hours: 4, momentum: 4, mailjet: 4, eventsPerSecond: 500, receivers: 2, databases: 2 },
  ...{ handlerMs: 0, failures: 6 },
}

/** From 1 to 40 minutes each, anywhere in the time that senders send. */
export function randomFailures(
  count: number,
  { receivers, databases, sendMs }: Pick<Plan, 'receivers' | 'databases' | 'sendMs'>,
  next: () => number,
): Failure[] {
  return Array.from({ length: count }, () => {
    const what = next() < 0.5 ? 'receiver' : 'database'
    const at = Math.floor(next() * (what === 'receiver' ? receivers : databases))
    const fromMs = Math.floor(next() * sendMs)
    return { what, at, fromMs, toMs: fromMs + MINUTE + Math.floor(next() * 39 * MINUTE) }
  })
}

export const hours = (count: number): number => count * HOUR
