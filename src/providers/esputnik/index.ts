/**
 * eSputnik, now Yespo: its activities ("Webhooks for Tracking Activity"), and the Webhook block of its workflows. Exported
 * as `posthorn/esputnik`.
 */

import { OptionError } from '../../errors.ts'
import { port } from '../../lib/symbols.ts'
import type { Auth } from '../../ports/auth.ts'
import type { Provider, Source } from '../../ports/provider.ts'
import { namesAndTypes } from '../kit/catalogue.ts'
import { checkSourceOptions, type SourceOptions } from '../kit/source-options.ts'
import { type WallClock, wallClock } from '../kit/zoned-time.ts'
import { catalogue } from './catalogue.ts'
import { decode } from './decode.ts'
import { fingerprints } from './fingerprint.ts'
import type { EsputnikEvent } from './payloads.generated.ts'
import { ids } from './validate.generated.ts'

export { field } from '../../lib/field.ts'
export type * from './payloads.generated.ts'
export {
  type EsputnikWorkflowCall,
  type EsputnikWorkflowEvent,
  type EsputnikWorkflowOnce,
  type EsputnikWorkflowOptions,
  esputnikWorkflow,
  type OnceFacts,
  type OnceOptions,
  onceFor,
  type WorkflowCall,
} from './workflow/index.ts'

export interface EsputnikOptions extends SourceOptions<Auth> {
  /**
   * Zone of `activityDateTime`, which has none: an IANA name, `Europe/Kyiv`. Default UTC, with a warning at start: the
   * sender does not document it. Compare one event with your own clock.
   */
  readonly timeZone?: string
}

const names = namesAndTypes('esputnik', catalogue)

const ZONE_NOTICE =
  "esputnik: activityDateTime has no zone and is read as UTC; set timeZone ('Europe/Kyiv', 'UTC') to say which it is"

/**
 * A source for activities of e-mail, SMS, Viber, push and on-site messages; `event.channel` tells them apart. Answers
 * the GET with which eSputnik checks an address when it is saved.
 *
 * @example
 * const auth = header('X-Secret', { env: 'YESPO_SECRET' })
 * createReceiver({ inbox, sources: { news: esputnik({ auth, timeZone: 'Europe/Kyiv' }) } })
 * @throws OptionError for an auth that is none, a limit that is no number of bytes, or a zone that does not exist.
 */
export function esputnik(options: EsputnikOptions): Source<EsputnikEvent> {
  const limits = checkSourceOptions('esputnik', options, ['timeZone'])
  const clock = clockOf(options.timeZone)
  const provider: Provider = Object.freeze({
    name: 'esputnik',
    probes: Object.freeze(['[]']),
    answersGet: true,
    batchIdHeader: null,
    testBatchIds: new Set<string>(),
    catalogue: names,
    read: (element: unknown) => decode(element, clock),
    ids,
    fingerprints,
  })
  const notices = Object.freeze(options.timeZone === undefined ? [ZONE_NOTICE] : [])
  return Object.freeze({
    provider: provider.name,
    [port]: Object.freeze({ provider, auth: options.auth, ...limits, notices }),
  })
}

const utc: WallClock = (wallMs) => wallMs

function clockOf(timeZone: string | undefined): WallClock {
  if (timeZone === undefined || timeZone === 'UTC') return utc
  try {
    if (typeof timeZone === 'string') return wallClock(timeZone)
  } catch {
    // Intl says only that it does not know the zone.
  }
  throw new OptionError(`esputnik: timeZone must be an IANA name such as Europe/Kyiv, got ${String(timeZone)}`)
}
