/** Relay webhooks of SparkPost and Momentum: mails that came in. */
import type { Auth } from '../../ports/auth.ts'
import type { Source } from '../../ports/provider.ts'
import type { SourceOptions } from '../kit/source-options.ts'
import type { MomentumEvent } from './payloads.generated.ts'
import { sourceOf } from './source.ts'

/** What a relay webhook posts, and the events of an event webhook that tell what became of it. */
export type MomentumRelayEvent = Extract<MomentumEvent, { name: `momentum.relay_${string}` | 'momentum.unknown' }>

/**
 * A mail has 20 MB at most; base64 makes 27 MB of it, and its text stands beside it once more (SparkPost developer
 * documentation, relay webhooks, mid-2026).
 */
const BODY_BYTES = 64 << 20
const BODY_MS = 120_000

/**
 * A source for relay webhooks: one mail in each post, as the event `momentum.relay_message` with `event.mail`. The token
 * of a relay webhook comes as of an event webhook. Bodies may have 64 MiB and take two minutes, unless `limits` says
 * otherwise; `limits.inFlightBytes` and `memoryBytes` of the receiver bound them together.
 *
 * @example
 * createReceiver({ inbox, sources: { replies: momentumRelay({ auth: token({ env: 'RELAY_TOKEN' }) }) } })
 * @throws OptionError for an auth that is none, and for a limit that is no number
 */
export function momentumRelay(options: SourceOptions<Auth>): Source<MomentumRelayEvent> {
  // The same provider reads all webhooks; a relay webhook posts these alone.
  return sourceOf('momentumRelay', options, { bodyBytes: BODY_BYTES, bodyMs: BODY_MS }) as Source<MomentumRelayEvent>
}
