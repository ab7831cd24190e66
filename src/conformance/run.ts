/** Runs the cases against a receiver, one after another. Private. */
import { BODIES } from './bodies.ts'
import type { CaseReport, ConformanceCase, Plan, Restart, Send, Step } from './case.ts'
import { CONNECTIONS } from './connections.ts'
import { CREDENTIALS } from './credentials.ts'
import { exchange, type Outcome, reach } from './exchange.ts'
import { OF_SENDERS } from './of-senders.ts'
import { type Sender, sourceIn } from './senders.ts'

export interface ConformanceRun extends Plan {
  readonly target: URL
  /**
   * Kills the receiver and starts it again; resolves with 0 when it has handled the events with the marker in their
   * address (and with 0 when the marker is empty). Without it the cases that need it are skipped.
   */
  readonly restart?: (marker: string) => Promise<number>
  /** How long a dribbling body goes on. Default 60 000. */
  readonly dribbleMs?: number
}

/** The cases for a receiver of this sender, in the order in which they run. */
export function casesOf({ name }: Sender): readonly ConformanceCase[] {
  const all = [...BODIES, ...OF_SENDERS, ...CREDENTIALS, ...CONNECTIONS]
  return all.filter(({ senders }) => senders?.includes(name) ?? true)
}

/**
 * Resolves with a report of every case. What a receiver does wrong is in the reports.
 * @throws the error of the connection when nobody listens at the target
 */
export async function runCases(cases: readonly ConformanceCase[], run: ConformanceRun): Promise<CaseReport[]> {
  await reach(run.target)
  const reports: CaseReport[] = []
  for (const one of cases) reports.push(await runCase(one, run))
  return reports
}

async function runCase(one: ConformanceCase, run: ConformanceRun): Promise<CaseReport> {
  const { id, title, why } = one
  const source = sourceIn(run.sender, one.source)
  const lacking = lackOf(one, run)
  if (lacking !== null) return { id, title, result: 'skipped', sent: '', got: lacking, why, source }
  const steps = one.steps(run)
  const told: string[] = []
  for (const step of steps) {
    const { got, good } = await take(step, run)
    told.push(got)
    if (!good) return { id, title, result: 'failed', ...shown(steps, told), why, source }
  }
  return { id, title, result: 'passed', ...shown(steps, told), why, source }
}

/** What was sent so far, and what came. */
function shown(steps: readonly Step[], told: readonly string[]): Pick<CaseReport, 'sent' | 'got'> {
  const sent = steps.slice(0, told.length).map(({ what }) => what)
  return { sent: sent.join('; then '), got: told.join('; then ') }
}

function lackOf({ needs }: ConformanceCase, { credential, restart }: ConformanceRun): string | null {
  if (needs === 'credential' && Object.keys(credential).length === 0) return 'nothing: no credential was given'
  return needs === 'restart' && restart === undefined ? 'nothing: no --restart was given' : null
}

interface Taken {
  readonly got: string
  readonly good: boolean
}

function take(step: Step, run: ConformanceRun): Promise<Taken> {
  return 'restart' in step ? restarted(step, run) : sent(step, run)
}

async function restarted({ restart: { marker } }: Restart, { restart }: ConformanceRun): Promise<Taken> {
  const code = await restart?.(marker)
  return { got: `the command ended with ${code}`, good: code === 0 }
}

async function sent(send: Send, { target, sender, dribbleMs = 60_000 }: ConformanceRun): Promise<Taken> {
  const limitMs = send.request.manner === 'dribble' ? dribbleMs : sender.limitMs
  const once = () => exchange(target, send.request, limitMs)
  const outcomes = await Promise.all(Array.from({ length: send.times ?? 1 }, once))
  const bad = outcomes.find((outcome) => !isGood(outcome, send))
  return { got: gotOf(bad ?? (outcomes[0] as Outcome), send), good: bad === undefined }
}

function isGood({ status, headers }: Outcome, { allowed, header }: Send): boolean {
  if (allowed === null) return true
  return status !== null && allowed.includes(status) && (header === undefined || header in headers)
}

function gotOf({ status, headers, code, ms }: Outcome, { allowed, header }: Send): string {
  if (allowed === null && status === null) return 'no answer was waited for'
  if (status === null) return `no answer after ${Math.round(ms)} ms (${code}), where ${allowed?.join(' or ')} is right`
  const lacks = header === undefined || header in headers ? '' : ` without ${header}`
  const right = allowed === null || allowed.includes(status) ? '' : `, where ${allowed.join(' or ')} is right`
  return `${status} after ${Math.round(ms)} ms${lacks}${right}`
}
