/**
 * One inbox over several: exported from `posthorn/sharded`. For what one database cannot take: each delivery belongs to one
 * of the inboxes, told by its id or its source, so that a repeat finds its original.
 *
 * A shard that does not answer has its deliveries refused with 503, and nobody else's. What an inbox of several places
 * cannot promise it does not have: no handler has `orderBy`, and `dedupeEvents` needs `by: 'source'`.
 */
import { OptionError } from '../../errors.ts'
import { keysOf, kindOf, knownKeys, oneOf, shown, wholeNumber } from '../../lib/options.ts'
import { port } from '../../lib/symbols.ts'
import type { Inbox, InboxPort } from '../../ports/inbox/index.ts'
import { ShardedInbox } from './inbox.ts'
import { MOST_SHARDS } from './numbers.ts'
import type { State } from './ring.ts'
import { Shard } from './shard.ts'

export interface ShardedOptions {
  /**
   * The shards, from 1 to 64, each in its place: a shard is known by its place in the list, so new ones are added at the end,
   * and where one was taken out stands `null`.
   */
  readonly inboxes: ReadonlyArray<Inbox | null>
  /**
   * What tells the shard of a delivery. `delivery` (the default): its batch id, or its id where it has none, so that the
   * deliveries of each source are spread over all shards. `source`: the name of its source; `dedupeEvents` needs it.
   */
  readonly by?: 'delivery' | 'source'
  /**
   * The place of a shard that is being added. It gets its share of new deliveries; repeats of what came before it are looked
   * for where they were.
   */
  readonly joining?: number
  /** The place of a shard that is being emptied, or that comes next. It gets nothing new, and what is in it goes on. */
  readonly leaving?: number
}

const KEYS = keysOf<ShardedOptions>({ inboxes: true, by: true, joining: true, leaving: true })

/**
 * An inbox over these inboxes. Each remembers its place and the list: another list is refused when it is opened, but for the
 * steps that add a shard or take one out.
 * @throws OptionError
 * @example createReceiver({ inbox: sharded({ inboxes: urls.map((connectionString) => postgres({ connectionString })) }), sources })
 */
export function sharded(options: ShardedOptions): Inbox {
  knownKeys('sharded', options, KEYS)
  const ports = portsOf(options.inboxes)
  const by = byOf(options.by)
  const states = statesOf(ports, options)
  const shards = ports.flatMap((one, place) => (one === null ? [] : [new Shard(place, one)]))
  return { kind: 'sharded', [port]: new ShardedInbox(shards, by, states) }
}

function portsOf(inboxes: unknown): readonly (InboxPort | null)[] {
  if (!Array.isArray(inboxes))
    throw new OptionError(`sharded: inboxes must be a list of inboxes, got ${kindOf(inboxes)}`)
  if (inboxes.length === 0 || inboxes.length > MOST_SHARDS)
    throw new OptionError(`sharded: inboxes must be from 1 to ${MOST_SHARDS}, got ${inboxes.length}`)
  const ports = Array.from(inboxes, (one: unknown, place) => portIn(one, place))
  for (const [place, one] of ports.entries())
    if (one !== null && ports.indexOf(one) < place)
      throw new OptionError(`sharded: the inbox in place ${place} stands in place ${ports.indexOf(one)} already`)
  return ports
}

function portIn(inbox: unknown, place: number): InboxPort | null {
  if (inbox === null) return null
  const found = typeof inbox === 'object' ? (inbox as Partial<Inbox>)[port] : undefined
  if (found === undefined)
    throw new OptionError(`sharded: place ${place} must be an inbox, or null where one was, got ${kindOf(inbox)}`)
  if (found.isManyLogs === true) throw new OptionError(`sharded: place ${place} is sharded itself`)
  if (found.memos === undefined) throw new OptionError(`sharded: the inbox in place ${place} keeps no memos`)
  return found
}

/** No function: what it answers could change, and repeats would not be found. */
function byOf(by: unknown): 'delivery' | 'source' {
  if (typeof by === 'function')
    throw new OptionError('sharded: by must be "delivery" or "source": a function could answer otherwise tomorrow')
  return oneOf('sharded: by', by, 'delivery', ['delivery', 'source'])
}

function statesOf(ports: readonly (InboxPort | null)[], { joining, leaving }: ShardedOptions): readonly State[] {
  const moving = placeIn('joining', joining, ports) ?? placeIn('leaving', leaving, ports)
  if (joining !== undefined && leaving !== undefined)
    throw new OptionError('sharded: joining and leaving are one too many: one shard moves at a time')
  const states = ports.map((one, place): State => {
    if (one === null) return 'gone'
    if (place !== moving) return 'takes'
    return joining === undefined ? 'leaving' : 'joining'
  })
  if (states.includes('takes')) return states
  throw new OptionError('sharded: inboxes must have one that takes deliveries beside the one that moves')
}

function placeIn(name: string, place: number | undefined, ports: readonly (InboxPort | null)[]): number | null {
  if (place === undefined) return null
  const found = wholeNumber(`sharded: ${name}`, place, 0, 0, ports.length - 1)
  if (ports[found] === null) throw new OptionError(`sharded: ${name} is place ${shown(place)}, where no inbox stands`)
  return found
}
