/** `posthorn inbox check`: whether all is well, as an exit code and one line; for cron and Nagios. */
import { OptionError } from '../../errors.ts'
import { counted, spanText } from '../out/format.ts'
import { say } from '../out/streams.ts'
import { untilSignal } from '../signals.ts'
import { dateOf, nowAt, standingOf } from './elsewhere/stats.ts'
import { byWhom, type LookOptions, type Standing } from './look.ts'
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
    return told([...findingsIn(stats, options), ...(await silences(opened, options))], stats, options)
  })
}

function told(findings: readonly Finding[], stats: Standing, { json }: CheckOptions): 0 | 1 {
  if (json) say(JSON.stringify({ ok: findings.length === 0, findings, stats }))
  else say(lineOf(findings, stats))
  return findings.length === 0 ? 0 : 1
}

/** As `check`, of an inbox behind a dashboard. @throws ERR_API_UNREACHABLE where nobody answers, or its inbox does not */
export async function checkElsewhere(options: CheckOptions & { readonly url: string }): Promise<0 | 1> {
  return untilSignal(async (stop) => {
    const now = await nowAt({ url: options.url, stop })
    const stats = standingOf(now)
    const silent = options.silent.flatMap(([source, ms]) => {
      const sender = now.senders.find((one) => one.source === source)
      if (sender === undefined) throw noSource(source)
      return silenceOf(source, ms, dateOf(sender.lastAt))
    })
    return told([...findingsIn(stats, options), ...silent], stats, options)
  })
}

const ageOf = ({ oldestPendingAt: at }: Standing): number => (at === null ? 0 : Math.max(0, Date.now() - at.getTime()))

function findingsIn(stats: Standing, options: CheckOptions): Finding[] {
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
    if (newest === undefined && !(source in sources)) throw noSource(source)
    found.push(...silenceOf(source, ms, newest?.receivedAt ?? null))
  }
  return found
}

const noSource = (source: string) => new OptionError(`--silent: there is no source "${source}"`)

function silenceOf(source: string, ms: number, lastAt: Date | null): Finding[] {
  const since = lastAt === null ? Number.POSITIVE_INFINITY : Date.now() - lastAt.getTime()
  return since > ms ? [{ id: 'sender_silent', what: `"${source}" ${silence(since)}` }] : []
}

const silence = (ms: number) => (Number.isFinite(ms) ? `is silent for ${spanText(ms)}` : 'was never heard of')

function lineOf(findings: readonly Finding[], stats: Standing): string {
  const { pending, deadLetters, quarantined } = stats
  const what = findings.length === 0 ? 'all is well' : findings.map((one) => one.what).join('; ')
  const numbers = `pending=${pending} age=${Math.round(ageOf(stats) / 1_000)}s dead=${deadLetters} quarantined=${quarantined}`
  return `POSTHORN ${findings.length === 0 ? 'OK' : 'WARNING'} - ${what} | ${numbers}`
}
