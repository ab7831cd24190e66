/** What a receiver opens to the packages beside it: to those that watch it, and to those that serve it. */
import { port } from '../lib/symbols.ts'
import type { HostDoor } from '../ports/host.ts'
import type { SourcePort } from '../ports/provider.ts'
import type { WatchDoor } from '../ports/watch-door.ts'
import type { Health, Metrics } from '../public/receiver.ts'
import type { ShiftedClock } from './base/clock.ts'
import type { HandlerSpec } from './handlers/spec.ts'
import type { Life } from './life.ts'
import { issuesTokensOf, placesOf } from './receive/authenticate.ts'
import type { Settings } from './settings.ts'
import type { Counters } from './tell/counters.ts'
import type { Teller } from './tell/teller.ts'

type ReceivingSources = ReadonlyMap<string, SourcePort>

export interface WatchParts {
  readonly settings: Settings
  readonly clock: ShiftedClock
  readonly teller: Teller
  readonly counters: Counters
  readonly life: Pick<Life<unknown>, 'isOpen' | 'state'>
  readonly sources: ReceivingSources
  readonly handlers: readonly HandlerSpec[]
  path(): string | null
  health(): Promise<Health>
}

export function createWatchDoor({ settings, clock, teller, counters, life, ...parts }: WatchParts): WatchDoor {
  const { inbox, inboxKind, takesDeliveries } = settings
  return {
    on: (name, listener) => teller.on(name, listener),
    sources: parts.sources,
    handlers: () => parts.handlers.map(({ name }) => name),
    inboxKind,
    takesDeliveries,
    path: parts.path,
    now: () => clock.now(),
    steady: () => clock.steady(),
    after: (ms, run) => clock.after(ms, run),
    ready: parts.health,
    stats: () => (life.isOpen ? inbox.records.stats().catch(() => null) : Promise.resolve(null)),
    memos: inbox.memos ?? null,
    state: () => life.state,
    failed: (what, error) => teller.tell('hookThrew', { hook: what, error }),
    lastBefore: (source) => counters.lastBefore(source),
    credentials: () => credentialsSeen(counters.read().credentials, parts.sources),
  }
}

function credentialsSeen(uses: Metrics['credentials'], sources: ReceivingSources) {
  const isLater = (source: string, label: string | null) =>
    label !== null && sources.get(source)?.auth[port].later?.includes(label) === true
  const seen = Object.entries(uses).map(([source, all]) => {
    return [source, all.map((use) => ({ ...use, isLater: isLater(source, use.label) }))] as const
  })
  return Object.fromEntries(seen)
}

/** What hosts ask of the sources, and what they tell. */
export function toldByHosts(
  { logger, limits }: Settings,
  { tell }: Teller,
  sources: ReceivingSources,
): Omit<HostDoor, 'receive' | 'sourceNames'> {
  return {
    secretPlaces: (source) => placesOf(sources.get(source)),
    issuesTokens: (source) => issuesTokensOf(sources.get(source)),
    seen: (found) => tell('hostSeen', { limits: found, bodyMs: limits.bodyMs }),
    failed: (what, error) => tell('hostFailed', { what, error }),
    kept(what, graceMs) {
      const message = `the process was still kept running ${graceMs} ms after its stop and is ended: ${what}`
      logger.warn({ event: 'stop.kept', what, graceMs }, message)
    },
  }
}
