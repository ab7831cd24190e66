/** SparkPost's cloud and SparkPost Elite, as their documents describe them. */
import { keysOf, knownKeys, oneOf } from '../lib/options.ts'
import type { Emulator } from './kit/emulator.ts'
import { checkMail, type InboundMail } from './kit/inbound-mail.ts'
import { textsOption } from './kit/options.ts'
import type { ReportedWebhook } from './kit/report.ts'
import { cloudEdition, eliteEdition } from './msys/cloud-edition.ts'
import type { NativeEvent } from './msys/edition.ts'
import { MSYS_OPTIONS, MsysEmulator, type MsysOptions } from './msys/emulator.ts'
import { eventsApi, KeptEvents } from './msys/events-api.ts'
import { Relays } from './msys/relay.ts'
import { relayApi } from './msys/relay-api.ts'

export interface SparkPostEmulatorOptions extends MsysOptions {
  /** `cloud`, or `elite`: the hosted clusters of 2014 to 2016 with their older payload. Default `cloud`. */
  readonly edition?: 'cloud' | 'elite'
  /** How it asks for an OAuth 2.0 token, whose content type is not documented. Default `json`, as the rest of its API. */
  readonly tokenRequest?: 'json' | 'form'
  /** The domains that relay webhooks may match. Default: any. */
  readonly inboundDomains?: readonly string[]
}

export interface SparkPostEmulator extends Emulator {
  /**
   * A mail comes in from outside: it is posted to the relay webhook of its recipient's domain.
   * @throws OptionError for what is wrong, unknown or not there, and for line breaks in a header
   */
  inbound(mail: InboundMail): void
}

const KEYS = keysOf<SparkPostEmulatorOptions>({
  ...MSYS_OPTIONS,
  edition: true,
  tokenRequest: true,
  inboundDomains: true,
})

/** 12 tries in 8 hours, further and further apart; the intervals are not documented. */
const RETRY_DELAYS = ['1m', '2m', '4m', '8m', '15m', '30m', '45m', '60m', '75m', '100m', '140m'] as const

/**
 * SparkPost: event webhooks with a token, Basic, OAuth 2.0 (a token is fetched, and fetched anew when a target answers 400
 * or 401) or headers of their own, an answer within 10 s, 12 tries in 8 h; relay webhooks with 7 tries. Elite prints times
 * as numbers and coordinates as text, and knows no `initial_open`. Facts: SparkPost API documentation, June 2026;
 * SparkPost Elite user guide, chapter 15.
 *
 * @example
 * const sparkpost = emulateSparkPost({ edition: 'cloud' })
 * const { url } = await sparkpost.listen()         // POST `${url}/api/v1/webhooks` creates a webhook
 * sparkpost.traffic({ messages: 1_000 })
 * await sparkpost.advance('8h')
 * @throws OptionError for an option that is wrong or unknown
 */
export function emulateSparkPost(options: SparkPostEmulatorOptions = {}): SparkPostEmulator {
  knownKeys('emulateSparkPost', options, KEYS)
  const name = oneOf('emulateSparkPost: edition', options.edition, 'cloud', ['cloud', 'elite'])
  return new SparkPost(name, options)
}

class SparkPost extends MsysEmulator implements SparkPostEmulator {
  readonly #relays: Relays
  readonly #kept: KeptEvents

  constructor(edition: 'cloud' | 'elite', { inboundDomains, tokenRequest, ...options }: SparkPostEmulatorOptions) {
    super(options, {
      name: 'emulateSparkPost',
      edition: edition === 'cloud' ? cloudEdition : eliteEdition,
      // "1 to 350 or more": the documents of SparkPost.
      batchEvents: 350,
      answerLimit: '10s',
      retryDelays: RETRY_DELAYS,
      // An object in 2016 and 2017.
      errors: edition === 'cloud' ? 'list' : 'object',
      workers: 1,
      batchIdHeader: true,
      tokenRequest: oneOf('emulateSparkPost: tokenRequest', tokenRequest, 'json', ['json', 'form']),
      hasApi: true,
    })
    const { tasks, poster, ledger, ids } = this
    const emit = this.emit.bind(this)
    const domains = textsOption('emulateSparkPost: inboundDomains', inboundDomains)
    this.#relays = new Relays({ tasks, poster, ledger, ids, inboundDomains: domains, emit })
    this.addRoutes((api) => relayApi(api, this.#relays, poster))
    this.#kept = new KeptEvents(tasks)
    this.addRoutes((api) => eventsApi(api, this.#kept))
  }

  inbound(mail: InboundMail): void {
    checkMail(mail)
    this.#relays.receive(mail)
  }

  override emit(event: NativeEvent, node?: string): void {
    this.#kept.keep(event)
    super.emit(event, node)
  }

  override reported(): ReportedWebhook[] {
    return [...super.reported(), ...this.#relays.report()]
  }
}
