/** What an inbox says of its handlers, its backlog, and the clocks of its senders. */
import { statfsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { InboxStats } from '../../public/inbox.ts'
import { byWhom } from '../inbox/look.ts'
import type { OpenInbox } from '../inbox/open.ts'
import { bytesText, counted, spanText } from '../out/format.ts'
import { type Finding, ill, well } from './finding.ts'

/** Events that the clocks are compared by. */
const NEWEST = 200
/** A sender's clock that is ahead by more is no rounding. */
const AHEAD_MS = 30_000
const OLD_MS = 15 * 60_000
const [DAY_MS, WEEK_MS] = [86_400_000, 7 * 86_400_000]
/** Bytes stay for a week by default. */
const SHORT_DAYS = 7

/** `path`: where it lies, if it is known. */
export async function inbox(opened: OpenInbox, path: string | undefined): Promise<Finding[]> {
  const stats = await opened.control.stats()
  return [
    backlog(stats),
    deadLetters(stats),
    quarantine(stats),
    ...stats.paused.map(paused),
    ...Object.entries(stats.orphaned).map(([handler, rows]) => orphaned(handler, rows)),
    ...Object.entries(stats.orphanedSources).map(([source, count]) => sourceGone(source, count)),
    await clock(opened),
    ...(path === undefined ? [] : [await growth(opened, path)]),
  ]
}

function backlog({ pending, oldestPendingAt: at }: InboxStats): Finding {
  const age = at === null ? 0 : Date.now() - at.getTime()
  const what = `${counted(pending, 'delivery', 'deliveries')} with work left${at === null ? '' : `, the oldest for ${spanText(age)}`}`
  if (age < OLD_MS) return well('backlog', what)
  return ill(
    'backlog',
    what,
    'handlers do not keep up, or nobody has the inbox open to handle',
    'posthorn inbox handlers',
  )
}

function deadLetters({ deadLetters: count }: InboxStats): Finding {
  if (count === 0) return well('dead_letters', 'no dead letters')
  const why = 'handlers failed at these events for good; after 90 days they are forgotten'
  return ill('dead_letters', counted(count, 'dead letter'), why, 'posthorn inbox dead --group')
}

function quarantine({ quarantined: count }: InboxStats): Finding {
  if (count === 0) return well('quarantine', 'nothing in quarantine')
  const why = 'no handler has seen what could not be read'
  return ill('quarantine', `${count} in quarantine`, why, 'posthorn inbox quarantine; posthorn inbox diff')
}

function paused({ handler, by, since }: InboxStats['paused'][number]): Finding {
  const what = `"${handler}" is paused ${byWhom(by)} for ${spanText(Date.now() - since.getTime())}`
  return ill('paused', what, 'its events wait', `posthorn inbox resume ${handler}`)
}

function orphaned(handler: string, rows: number): Finding {
  const what = `${counted(rows, 'piece')} of work for "${handler}", which nobody has had for 24 h`
  const why = 'a handler that was renamed wants its old name in formerly; nobody else will take its work'
  return ill('orphaned', what, why, `posthorn inbox drop handler:${handler}`)
}

function sourceGone(source: string, count: number): Finding {
  const what = `${counted(count, 'delivery', 'deliveries')} of "${source}", which no process reads`
  return ill(
    'source_gone',
    what,
    'they wait until a receiver has this source again',
    `posthorn inbox ls source:${source}`,
  )
}

/** Events are received after they happened: a median before it means that the clock of this machine is behind. */
async function clock({ control, stop }: OpenInbox): Promise<Finding> {
  const late: number[] = []
  for await (const { lateMs, occurredAtFrom } of control.events({ filter: 'since:1d test:no' }, { signal: stop })) {
    if (occurredAtFrom === 'sender') late.push(lateMs)
    if (late.length === NEWEST) break
  }
  const median = late.sort((a, b) => a - b)[Math.floor(late.length / 2)]
  if (median === undefined) return well('clock', 'no events of the last day to compare clocks by')
  const what = `events are received ${(median / 1_000).toFixed(1)} s after they happened (median of ${late.length})`
  if (median > -AHEAD_MS) return well('clock', what)
  return ill('clock', what, 'the clock of this machine is behind that of the senders', 'timedatectl set-ntp true')
}

/** By what came in the last days: a day's bodies take at most so much of the disk, until retention lets them go. */
async function growth({ control }: OpenInbox, path: string): Promise<Finding> {
  let [bytes, firstAt] = [0, Date.now()]
  const since = new Date(Date.now() - WEEK_MS)
  for await (const { at, sum } of control.tallies({ step: 'hour', words: ['in'], since })) {
    bytes += sum
    firstAt = Math.min(firstAt, at.getTime())
  }
  if (bytes === 0) return well('growth', 'nothing came in the last 7 days')
  const perDay = (bytes * DAY_MS) / Math.max(DAY_MS, Date.now() - firstAt)
  const { bavail, bsize } = statfsSync(dirname(resolve(path)))
  const days = (bavail * bsize) / perDay
  const what = `${bytesText(perDay)} a day; the free space is that of ${days > 1_000 ? 'more than 1000' : Math.floor(days)} days`
  if (days >= SHORT_DAYS) return well('growth', what)
  const why = 'bytes stay for 7 days unless retention says otherwise: the disk fills before they go'
  return ill('growth', what, why, 'a larger disk, or a shorter retention.bodies')
}
