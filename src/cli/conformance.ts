/** `posthorn conformance`: whether a receiver, in any language, holds what a sender's document asks of it. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import type { CaseReport, ConformanceCase } from '../conformance/case.ts'
import { reach } from '../conformance/exchange.ts'
import { casesOf, runCases } from '../conformance/run.ts'
import { SENDER_NAMES, type Sender, senderCalled } from '../conformance/senders.ts'
import { OptionError } from '../errors.ts'
import { nearest } from '../lib/nearest.ts'
import { type CredentialOptions, credentialHeaders } from './credentials.ts'
import { say } from './out/streams.ts'

export interface ConformanceOptions extends CredentialOptions {
  readonly target: string
  readonly as: string
  readonly only?: readonly string[] | undefined
  readonly restart?: string | undefined
  readonly json: boolean
}

/**
 * The exit code: 0 when no case failed, 1 when one did, 3 when nobody listens at the target.
 * @throws OptionError when it was called wrongly
 */
export async function conformance(options: ConformanceOptions): Promise<0 | 1 | 3> {
  const { as, only, restart, json } = options
  const [target, sender] = [targetOf(options.target), senderOf(as)]
  const cases = chosen(casesOf(sender), only)
  const credential = credentialHeaders(options)
  const again = restart === undefined ? {} : { restart: (marker: string) => restartBy(restart, marker, target) }
  try {
    const reports = await runCases(cases, { target, sender, credential, ...again })
    return tell(`${target.origin}${target.pathname}`, sender, reports, json)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    process.stderr.write(`posthorn conformance: nobody listens at ${target.host}: ${code ?? message}\n`)
    return 3
  }
}

function targetOf(text: string): URL {
  const url = new URL(text)
  if (url.username !== '' || url.password !== '') throw new OptionError('--target holds credentials; use --basic')
  return url
}

function senderOf(name: string): Sender {
  const sender = senderCalled(name)
  if (sender !== undefined) return sender
  throw new OptionError(`--as must be one of ${SENDER_NAMES.join(', ')}`)
}

function chosen(cases: readonly ConformanceCase[], only: readonly string[] | undefined): readonly ConformanceCase[] {
  if (only === undefined) return cases
  const ids = cases.map(({ id }) => id)
  for (const id of only) if (!ids.includes(id)) throw new OptionError(unknownCase(id, ids))
  return cases.filter(({ id }) => only.includes(id))
}

function unknownCase(id: string, ids: readonly string[]): string {
  const near = nearest(id, ids)
  const hint = near === null ? `; there are ${ids.join(', ')}` : `; did you mean ${near}?`
  return `there is no case ${JSON.stringify(id)} for this sender${hint}`
}

/** Runs the command in a shell, and waits until somebody listens at the target again. Its output goes to stderr. */
async function restartBy(command: string, marker: string, target: URL): Promise<number> {
  const env = { ...process.env, POSTHORN_MARKER: marker }
  const child = spawn(command, { shell: true, stdio: ['ignore', 2, 2], env })
  const [code] = (await once(child, 'exit')) as [number | null]
  if (code === 0) await untilReached(target)
  return code ?? 1
}

const TRIES = 300

/** At most half a minute. What comes after it finds out by itself that nobody listens. */
async function untilReached(target: URL): Promise<void> {
  for (let n = 0; n < TRIES; n++) {
    const reached = await reach(target).then(
      () => true,
      () => false,
    )
    if (reached) return
    await wait(100)
  }
}

function tell(target: string, sender: Sender, reports: readonly CaseReport[], json: boolean): 0 | 1 {
  const count = (result: CaseReport['result']) => reports.filter((report) => report.result === result).length
  const counts = { passed: count('passed'), failed: count('failed'), skipped: count('skipped') }
  if (json) say(JSON.stringify({ target, as: sender.name, ...counts, cases: reports }))
  else {
    for (const report of reports) say(linesOf(report))
    say(`\n${counts.passed} of ${counts.passed + counts.failed} cases passed, ${counts.skipped} skipped`)
  }
  return counts.failed === 0 ? 0 : 1
}

function linesOf({ id, title, result, sent, got, why, source }: CaseReport): string {
  const line = `${result.padEnd(9)}${id.padEnd(26)}${title}`
  if (result === 'passed') return line
  const more =
    result === 'skipped'
      ? [`got:    ${got}`]
      : [`sent:   ${sent}`, `got:    ${got}`, `why:    ${why}`, `source: ${source}`]
  return [line, ...more.map((text) => `           ${text}`)].join('\n')
}
