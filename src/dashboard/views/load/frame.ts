/** What stands around every view. It is told also where the inbox does not answer. */
import { watchDoor } from '../../../lib/symbols.ts'
import type { InboxStats } from '../../../public/inbox.ts'
import type { Frame } from '../../parts/see.ts'
import type { ViewRequest } from '../../types.ts'
import { type FindingRow, findingsOf } from './findings.ts'

export interface Standing {
  /** null: the inbox does not answer. */
  readonly stats: InboxStats | null
  readonly findings: readonly FindingRow[]
  readonly reason: string | null
}

const kept = new WeakMap<object, { readonly at: number; readonly standing: Promise<Standing> }>()

/** Shared by all who look within half a second. */
export function standingOf(request: Pick<ViewRequest, 'receiver' | 'now'>): Promise<Standing> {
  const { sources } = request.receiver[watchDoor]
  const at = request.now.getTime()
  const before = kept.get(sources)
  if (before !== undefined && Math.abs(at - before.at) < 500) return before.standing
  const standing = look(request)
  kept.set(sources, { at, standing })
  return standing
}

async function look(request: Pick<ViewRequest, 'receiver' | 'now'>): Promise<Standing> {
  const { receiver } = request
  const door = receiver[watchDoor]
  if (door.state() !== 'open') {
    const { reason } = await receiver.health().catch(() => ({ reason: null }))
    return { stats: null, findings: [], reason: reason ?? `the receiver is ${door.state()}` }
  }
  try {
    const [stats, findings] = await Promise.all([receiver.inbox.stats(), findingsOf(request)])
    return { stats, findings, reason: null }
  } catch (error) {
    const { reason } = await receiver.health().catch(() => ({ reason: null }))
    return { stats: null, findings: [], reason: reason ?? String(Object(error).code ?? 'the inbox does not answer') }
  }
}

const lastFrames = new WeakMap<object, { readonly at: number; readonly frame: Frame }>()
/** Older news is none. */
const NEWS_MS = 30_000

/** As it was told last, to whoever it was; a verb must not wait for what stands around its page. */
export function lastFrame({
  receiver,
  rights,
  now,
}: Pick<ViewRequest, 'rights' | 'now'> & {
  readonly receiver: Pick<ViewRequest['receiver'], typeof watchDoor>
}): Frame {
  const last = lastFrames.get(receiver[watchDoor].sources)
  const { who, people, bytes, act } = rights
  const own = { who, people, bytes, act }
  if (last !== undefined && now.getTime() - last.at < NEWS_MS) return { ...last.frame, ...own }
  return { verdict: 'unknown', findings: 0, reason: null, counts: null, sources: [], handlers: [], ...own }
}

export async function frameOf(request: ViewRequest): Promise<Frame> {
  const frame = await newFrame(request)
  lastFrames.set(request.receiver[watchDoor].sources, { at: request.now.getTime(), frame })
  return frame
}

async function newFrame(request: ViewRequest): Promise<Frame> {
  const { receiver, rights } = request
  const { stats, findings, reason } = await standingOf(request)
  const worst = findings.some(({ severity }) => severity === 'act') ? 'act' : findings.length > 0 ? 'look' : 'well'
  const door = receiver[watchDoor]
  return {
    verdict: stats === null ? 'closed' : worst,
    findings: findings.length,
    reason,
    counts: stats && {
      pending: stats.pending,
      dead: stats.deadLetters,
      quarantine: stats.quarantined,
      replays: Object.keys(stats.replays).length,
      paused: stats.paused.length,
    },
    sources: [...door.sources.keys()],
    handlers: door.handlers(),
    ...{ who: rights.who, people: rights.people, bytes: rights.bytes, act: rights.act },
  }
}
