/** Options, settled once at construction: defaults, checks, and the ports behind the public faces. */
import { OptionError } from '../errors.ts'
import { assertFunction, keysOf, kindOf, knownKeys, LONGEST_TIMER_MS, oneOf, wholeNumber } from '../lib/options.ts'
import { port } from '../lib/symbols.ts'
import type { Inbox, InboxPort } from '../ports/inbox/index.ts'
import type { Retention } from '../ports/inbox/opening.ts'
import type { Instrument } from '../ports/instrument.ts'
import type { Source, SourcePort } from '../ports/provider.ts'
import type { Hooks, ReceiverLimits, ReceiverOptions, ReceiverRole, Sources } from '../public/options.ts'
import type { AnyEvent, Logger } from '../types.ts'
import { loggerOf } from './base/logger.ts'
import { WRAPS } from './base/wraps.ts'
import { checkDefaults, type HandlerDefaults } from './handlers/options.ts'
import { assertTokenFree } from './receive/authenticate.ts'
import type { ReceiveLimits } from './receive/parts.ts'
import { SOURCE_NAME } from './receive/route.ts'
import { retentionOf } from './retention.ts'

const MiB = 1 << 20
const LIMITS = keysOf<ReceiverLimits>({
  ...{ bodyBytes: true, bodyMs: true, minBytesPerSecond: true, inFlightBytes: true, requests: true },
  ...{ backlogBytes: true, acceptMs: true },
})
const HOOKS = keysOf<Hooks>({
  ...{ failed: true, deadLettered: true, quarantined: true, rejected: true, unhandled: true, senderLeft: true },
  acted: true,
})
const KEYS = keysOf<ReceiverOptions<Sources>>({
  ...{ inbox: true, sources: true, limits: true, memoryBytes: true, handlers: true, logger: true, hooks: true },
  ...{ role: true, ack: true, ackWithinMs: true, background: true, onRedelivery: true, retention: true },
  ...{ instrument: true },
})

export interface Settings {
  readonly inbox: InboxPort
  readonly inboxKind: string
  /** Grows when a source is added to the receiver. */
  readonly sources: Map<string, SourcePort>
  readonly limits: ReceiveLimits
  readonly memoryBytes: number
  readonly handlers: HandlerDefaults
  readonly logger: Logger
  readonly hooks: Hooks
  readonly instrument: Instrument | null
  readonly role: ReceiverRole
  /** By its role; else it answers 503. */
  readonly takesDeliveries: boolean
  readonly ack: 'stored' | 'handled'
  readonly ackWithinMs: number
  /** Whether work goes on between requests. */
  readonly background: boolean
  readonly onRedelivery: 'record' | 'rearm'
  readonly retention: Retention
}

export function settleOptions<S extends Sources>(options: ReceiverOptions<S>): Settings {
  knownKeys('createReceiver', options, KEYS)
  const { inbox, logger, hooks = {}, handlers = {}, limits = {}, retention = {} } = options
  checkDefaults(handlers)
  return {
    inbox: inboxPort(inbox),
    inboxKind: inbox.kind,
    sources: sourcePorts(options.sources),
    limits: limitsOf(limits),
    memoryBytes: wholeNumber('memoryBytes', options.memoryBytes, 256 * MiB, MiB),
    handlers: { ...handlers },
    logger: loggerOf(logger),
    hooks: hooksOf(hooks),
    instrument: instrumentOf(options.instrument),
    ...waysOf(options),
    retention: retentionOf(retention),
  }
}

/** Bound, so that an instance of a class keeps its methods. */
function hooksOf(hooks: Hooks): Hooks {
  knownKeys('hooks', hooks, HOOKS)
  const given = (HOOKS as readonly (keyof Hooks)[]).filter((name) => hooks[name] !== undefined)
  for (const name of given) assertFunction(`hooks.${name}`, hooks[name])
  return Object.fromEntries(given.map((name) => [name, hooks[name]?.bind(hooks)]))
}

/** Other members are the instrument's own. */
function instrumentOf(instrument: Instrument | undefined): Instrument | null {
  if (instrument === undefined) return null
  if (typeof instrument !== 'object' || instrument === null)
    throw new OptionError(`instrument must be an object with any of ${WRAPS.join(', ')}, got ${kindOf(instrument)}`)
  for (const name of WRAPS) if (instrument[name] !== undefined) assertFunction(`instrument.${name}`, instrument[name])
  return instrument
}

function waysOf(options: ReceiverOptions<Sources>) {
  const ack = oneOf('ack', options.ack, 'stored', ['stored', 'handled'])
  const { background = ack === 'stored' } = options
  if (typeof background !== 'boolean') throw new OptionError('background must be true or false')
  if (!background && ack === 'stored') throw new OptionError("background: false goes with ack: 'handled' only")
  const onRedelivery = oneOf('onRedelivery', options.onRedelivery, 'record', ['record', 'rearm'])
  if (ack === 'handled' && onRedelivery === 'rearm')
    throw new OptionError(
      "onRedelivery: 'rearm' does not go with ack: 'handled': each repeat would make work again of what died with the one before, and no request would ever be answered 200; use 'record', and receiver.inbox.retry()",
    )
  const role = oneOf('role', options.role, 'both', ['both', 'receive', 'process', 'control'])
  return {
    role,
    takesDeliveries: role === 'both' || role === 'receive',
    ack,
    ackWithinMs: wholeNumber('ackWithinMs', options.ackWithinMs, 4_000, 1, LONGEST_TIMER_MS),
    background,
    onRedelivery,
  }
}

function limitsOf(limits: ReceiverLimits): ReceiveLimits {
  knownKeys('limits', limits, LIMITS)
  return {
    bodyBytes: wholeNumber('limits.bodyBytes', limits.bodyBytes, 64 * MiB, 1),
    bodyMs: wholeNumber('limits.bodyMs', limits.bodyMs, 30_000, 1, LONGEST_TIMER_MS),
    minBytesPerSecond: wholeNumber('limits.minBytesPerSecond', limits.minBytesPerSecond, 16_384, 0),
    inFlightBytes: wholeNumber('limits.inFlightBytes', limits.inFlightBytes, 128 * MiB, 1),
    requests: wholeNumber('limits.requests', limits.requests, 1_000, 1),
    backlogBytes: wholeNumber('limits.backlogBytes', limits.backlogBytes, 2 ** 53, 0),
    acceptMs: wholeNumber('limits.acceptMs', limits.acceptMs, 4_000, 1, LONGEST_TIMER_MS),
  }
}

function inboxPort(inbox: Inbox | undefined): InboxPort {
  const found = inbox?.[port]
  if (found !== undefined) return found
  throw new OptionError(
    "createReceiver needs an inbox: sqlite({ path }) from 'posthorn/sqlite', or memory() from 'posthorn/memory' in tests",
  )
}

function sourcePorts(sources: Readonly<Record<string, Source<AnyEvent>>> | undefined): Map<string, SourcePort> {
  const entries = Object.entries(sources ?? {})
  if (entries.length === 0)
    throw new OptionError(
      "createReceiver needs sources, for example { shop: momentum({ auth: token({ env: 'TOKEN' }) }) }",
    )
  const ports = new Map(entries.map(([name, source]) => [checkName(name), sourcePort(name, source)]))
  assertTokenFree(ports)
  return ports
}

export function checkName(name: string): string {
  if (SOURCE_NAME.test(name)) return name
  throw new OptionError(
    `a source is a path segment of a-z, 0-9, _ and -, so it cannot be called ${JSON.stringify(name)}`,
  )
}

export function sourcePort(name: string, source: unknown): SourcePort {
  const found = (source as Source<AnyEvent> | null | undefined)?.[port]
  if (found === undefined)
    throw new OptionError(`source "${name}" must be made by a provider, for example momentum({ auth })`)
  if (found.auth?.[port] === undefined)
    throw new OptionError(
      `source "${name}" needs auth from 'posthorn/auth'; unauthenticated() if the door is to stand open`,
    )
  return found
}
