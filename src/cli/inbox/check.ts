/** `posthorn inbox check`: whether all is well, as an exit code and one line; for cron and Nagios. */
import { OptionError } from '../../errors.ts'
import type { InboxStats } from '../../public/inbox.ts'
import { counted, spanText } from '../out/format.ts'
import { say } from '../out/streams.ts'
import { byWhom, type LookOptions } from './look.ts'
import { type OpenInbox, withInbox } from './open.ts'

export interface CheckOptions extends LookOptions {
  readonly maxAge: number
  readonly maxPending?: number | undefined
  readonly maxDead: number
  readonly maxQuarantined: number
  readonly silent: ReadonlyArray<readonly [source: string, ms: number]>
}

interface Finding {
  readonly id: 'backlog_old' | 'backlog_long' | 'dead_letters' | 'quarantine' | 'handler_paused' | 'sender_silent'
  readonly what: string
}

/** The exit code: 0 all is well, 1 something is not. The words and numbers are those of Nagios. */
export async function check(options: CheckOptions): Promise<0 | 1> {
  return withInbox(options, async (opened) => {
    const stats = await opened.control.stats()
    const findings = [...findingsIn(stats, options), ...(await silences(opened, options))]
    if (options.json) say(JSON.stringify({ ok: findings.length === 0, findings, stats }))
    else say(lineOf(findings, stats))
    return findings.length === 0 ? 0 : 1
  })
}

const ageOf = ({ oldestPendingAt: at }: InboxStats): number =>
  at === null ? 0 : Math.max(0, Date.now() - at.getTime())

function findingsIn(stats: InboxStats, options: CheckOptions): Finding[] {
  const { pending, deadLetters, quarantined, paused } = stats
  const { maxAge, maxPending = Number.POSITIVE_INFINITY, maxDead, maxQuarantined } = options
  const found: Array<Finding | false> = [
    ageOf(stats) > maxAge && { id: 'backlog_old', what: `the oldest delivery waits for ${spanText(ageOf(stats))}` },
    pending > maxPending && { id: 'backlog_long', what: `${counted(pending, 'delivery', 'deliveries')} wait` },
    deadLetters > maxDead && { id: 'dead_letters', what: counted(deadLetters, 'dead letter') },
    quarantined > maxQuarantined && { id: 'quarantine', what: `${quarantined} in quarantine` },
    ...paused.map(
      ({ handler, by }): Finding => ({ id: 'handler_paused', what: `"${handler}" is paused ${byWhom(by)}` }),
    ),
  ]
  return found.filter((one) => one !== false)
}

/** @throws OptionError for a source that there is not: it would be silent for ever */
async function silences({ control, sources }: OpenInbox, { silent }: CheckOptions): Promise<Finding[]> {
  const found: Finding[] = []
  for (const [source, ms] of silent) {
    const { value: newest } = await control.deliveries({ source })[Symbol.asyncIterator]().next()
    if (newest === undefined && !(source in sources)) throw new OptionError(`--silent: there is no source "${source}"`)
    const since = newest === undefined ? Number.POSITIVE_INFINITY : Date.now() - newest.receivedAt.getTime()
    if (since > ms) found.push({ id: 'sender_silent', what: `"${source}" ${silence(since)}` })
  }
  return found
}

const silence = (ms: number) => (Number.isFinite(ms) ? `is silent for ${spanText(ms)}` : 'was never heard of')

function lineOf(findings: readonly Finding[], stats: InboxStats): string {
  const { pending, deadLetters, quarantined } = stats
  const what = findings.length === 0 ? 'all is well' : findings.map((one) => one.what).join('; ')
  const numbers = `pending=${pending} age=${Math.round(ageOf(stats) / 1_000)}s dead=${deadLetters} quarantined=${quarantined}`
  return `POSTHORN ${findings.length === 0 ? 'OK' : 'WARNING'} - ${what} | ${numbers}`
}
