/** `posthorn inbox stats --url`: how an inbox elsewhere stands. */
import { PosthornError } from '../../../errors.ts'
import { type DashboardAt, viewAt } from '../../dashboard.ts'
import type { ExitCode } from '../../exit.ts'
import { counted } from '../../out/format.ts'
import { showFacts } from '../../out/lines.ts'
import { say } from '../../out/streams.ts'
import type { View } from '../../out/watch.ts'
import { untilSignal } from '../../signals.ts'
import { factsOf, type Standing } from '../look.ts'
import { type ElsewhereOptions, type Pause, untilStopped } from './options.ts'

/** Of the view `now`. */
interface Now {
  readonly findings: ReadonlyArray<{ readonly id: string; readonly severity: string; readonly text: string }>
  readonly backlog: { readonly deliveries: number; readonly bytes: number; readonly oldestAt: string | null }
  readonly handlers: ReadonlyArray<{
    readonly name: string
    readonly paused: Pause | null
    readonly orphaned: number
  }>
  readonly senders: ReadonlyArray<{ readonly source: string; readonly lastAt: string | null }>
}

interface Frame {
  readonly verdict: string
  readonly counts: { readonly dead: number; readonly quarantine: number; readonly replays: number } | null
}

/** How it stands: the verdict with what was found, and the counts. */
export async function stats(options: ElsewhereOptions): Promise<ExitCode> {
  return untilSignal<ExitCode>(async (stop) => {
    const dashboard = { url: options.url, stop }
    const look: View = {
      name: 'posthorn inbox stats',
      draw: async () => showFacts(standing(await nowAt(dashboard), options.utc)),
      lines: async () => [['stats', await jsonAt(dashboard)]],
    }
    if (options.watch) await untilStopped(look, options, stop)
    else if (options.json) say(await jsonAt(dashboard))
    else await look.draw()
    return 0
  })
}

/** @throws ERR_API_UNREACHABLE where its inbox does not answer */
export async function nowAt(dashboard: DashboardAt) {
  const found = await viewAt<Now>(dashboard, { view: 'now' })
  const frame = found?.frame as Frame | undefined
  if (!found?.data || !frame?.counts)
    throw new PosthornError('ERR_API_UNREACHABLE', 'The dashboard does not tell how it stands.')
  return { ...found.data, frame, counts: frame.counts }
}

/** The frame, and in it the findings themselves in the place of their number. */
async function jsonAt(dashboard: DashboardAt): Promise<string> {
  const { frame, findings } = await nowAt(dashboard)
  return JSON.stringify({ ...frame, findings })
}

function standing(now: Awaited<ReturnType<typeof nowAt>>, utc: boolean): Array<[string, string | null]> {
  const { frame, findings, counts } = now
  const found = findings.map(({ severity, text }) => `\n${severity}: ${text}`).join('')
  return [
    ['verdict', `${frame.verdict}, ${counted(findings.length, 'finding')}${found}`],
    ...factsOf(standingOf(now), utc),
    ['replays', counts.replays === 0 ? null : String(counts.replays)],
  ]
}

/** What `stats` of a file tells, as far as a dashboard does. */
export function standingOf({ backlog, handlers, counts }: Awaited<ReturnType<typeof nowAt>>): Standing {
  const orphaned = handlers.filter((one) => one.orphaned > 0).map((one) => [one.name, one.orphaned])
  return {
    ...{ pending: backlog.deliveries, pendingBytes: backlog.bytes, oldestPendingAt: dateOf(backlog.oldestAt) },
    ...{ deadLetters: counts.dead, quarantined: counts.quarantine, orphaned: Object.fromEntries(orphaned) },
    paused: handlers.flatMap(({ name, paused }) =>
      paused === null ? [] : [{ handler: name, by: paused.by, since: new Date(paused.since ?? '') }],
    ),
  }
}

export const dateOf = (text: string | null): Date | null => (text === null ? null : new Date(text))
