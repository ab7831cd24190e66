/** How a run ended: exported from `posthorn/emulators`. */
import { OptionError } from '../../errors.ts'
import { isObject } from '../../lib/guards.ts'
import type { EmulatorReport } from '../kit/report.ts'
import type { Scenario, ScenarioName } from './scenario.ts'

type Counts = Readonly<Record<string, number>>

export interface Verdict {
  readonly passed: boolean
  /** Why not, a sentence each; empty when it passed. */
  readonly why: readonly string[]
  /** Events that were sent and not handled, by type; those that the sender gave up are among them. */
  readonly missing: Counts
  /** Events that were handled more often than they were sent. */
  readonly surplus: Counts
  readonly scenarios: ReadonlyArray<{ readonly name: ScenarioName; readonly hits: number }>
}

/**
 * Compares what a sender sent with what a receiver handled, by type. It passes when every event was handled once, when
 * what is missing was given up by the sender, when nothing waits, and when every scenario hit a post: a fault that
 * never came proves nothing.
 *
 * @example
 * const verdict = judge(emulator.report(), countsOfMyHandler, faults)
 * assert(verdict.passed, verdict.why.join('\n'))
 * @throws OptionError
 */
export function judge(report: EmulatorReport, handled: Counts, scenarios: readonly Scenario[] = []): Verdict {
  assertVerdictInput(report, handled, scenarios)
  const missing = beyond(report.expected, handled)
  const surplus = beyond(handled, report.expected)
  const hits = scenarios.map((one) => ({ name: one.scenario, hits: one.hits() }))
  const lost = sum(missing) - report.gaveUp.events
  const why = [
    ...(lost > 0 ? [`${lost} events are missing: ${listOf(missing)}`] : []),
    ...(sum(surplus) > 0 ? [`events were handled twice, or never sent: ${listOf(surplus)}`] : []),
    ...(report.waiting.events > 0 ? [`${report.waiting.events} events wait for an answer`] : []),
    ...hits.filter((one) => one.hits === 0).map(({ name }) => `${name} hit no post`),
  ]
  return { passed: why.length === 0, why, missing, surplus, scenarios: hits }
}

function assertVerdictInput(report: EmulatorReport, handled: Counts, scenarios: readonly Scenario[]): void {
  if (!isObject(report) || !isObject(report.expected) || !isObject(report.gaveUp) || !isObject(report.waiting))
    throw new OptionError('judge takes what report() of an emulator gave')
  if (!isObject(handled) || !Object.values(handled).every(Number.isFinite))
    throw new OptionError('judge: handled must be an object of counts by type')
  if (!Array.isArray(scenarios) || !scenarios.every((one) => typeof one?.hits === 'function'))
    throw new OptionError('judge: scenarios must be a list of what scenario() gave')
}

/** By how much `counts` are above `others`, where they are. */
function beyond(counts: Counts, others: Counts): Counts {
  const differences = Object.entries(counts).map(([type, count]) => [type, count - (others[type] ?? 0)] as const)
  return Object.fromEntries(differences.filter(([, difference]) => difference > 0))
}

const sum = (counts: Counts): number => Object.values(counts).reduce((all, count) => all + count, 0)

const listOf = (counts: Counts): string =>
  Object.entries(counts)
    .map(([type, count]) => `${count} ${type}`)
    .join(', ')
