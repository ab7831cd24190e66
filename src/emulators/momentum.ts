/** Momentum on premises, as its manuals describe it. */
import { keysOf, knownKeys, oneOf, wholeNumber } from '../lib/options.ts'
import { flagOption } from './kit/options.ts'
import { type ConfiguredWebhook, configuredWebhooks } from './msys/config-file.ts'
import { backOff, type Emulator, MSYS_OPTIONS, MsysEmulator, type MsysOptions } from './msys/emulator.ts'
import { momentumEdition } from './msys/momentum-edition.ts'

export interface MomentumEmulatorOptions extends MsysOptions {
  /**
   * Webhooks as Momentum 4.2.31 and later, and 5.x, has them: a JSON file, by its path, or the array in it. They are
   * active at once, get no test post, and there is no Webhooks API. Default: an API, as in 4.1 to 4.2.30.
   */
  readonly webhooks?: string | readonly ConfiguredWebhook[]
  /** Posts at a time of one webhook on one node; more than 1 is `disableSingleWorker`. Default 1. */
  readonly workers?: number
  /** Whether events have an `event_id`, which they have since 4.2.28. Default true. */
  readonly eventIds?: boolean
  /** Whether batches carry `X-MessageSystems-Batch-ID`; the manuals are silent on it. Default true. */
  readonly batchIdHeader?: boolean
  /** `object`, as the documents of its time print an error; `list`, as SparkPost does today. Default `object`. */
  readonly errors?: 'object' | 'list'
}

const MINUTE = 60_000
const KEYS = keysOf<MomentumEmulatorOptions>({
  ...MSYS_OPTIONS,
  ...{ webhooks: true, workers: true, eventIds: true, batchIdHeader: true, errors: true },
})

/**
 * Momentum: the Webhooks API of 4.1 to 4.2.30 over HTTP (or webhooks from a file), batches of 10 000 events or 30 s from
 * each node, an answer within 6 s, retries with back-off for 4 h, after which a batch is deleted. Facts:
 * Momentum 4 manual, "Using Webhooks for Event Data", as of March 2020.
 *
 * @example
 * const momentum = emulateMomentum({ apiKey: 'key', nodes: 2 })
 * const { url } = await momentum.listen()          // POST `${url}/api/v1/webhooks/` creates a webhook
 * momentum.traffic({ messages: 10_000, perSecond: 100 })
 * await momentum.advance('4h')
 * momentum.report().expected                       // { bounce: 398, click: 2_411, … }
 * @throws OptionError for an option that is wrong or unknown, or a file that holds no webhooks
 */
export function emulateMomentum(options: MomentumEmulatorOptions = {}): Emulator {
  knownKeys('emulateMomentum', options, KEYS)
  const edition = momentumEdition({
    fromFile: options.webhooks !== undefined,
    eventIds: flagOption('emulateMomentum: eventIds', options.eventIds, true),
  })
  const emulator = new MsysEmulator(options, {
    name: 'emulateMomentum',
    edition,
    batchEvents: 10_000,
    answerLimit: '6s',
    retryDelays: backOff(MINUTE, 60 * MINUTE, 240 * MINUTE),
    errors: oneOf('emulateMomentum: errors', options.errors, 'object', ['object', 'list']),
    workers: wholeNumber('emulateMomentum: workers', options.workers, 1, 1, 100),
    batchIdHeader: flagOption('emulateMomentum: batchIdHeader', options.batchIdHeader, true),
    hasApi: options.webhooks === undefined,
  })
  const configured = options.webhooks === undefined ? [] : configuredWebhooks(edition, options.webhooks)
  for (const settings of configured) emulator.webhooks.configure(settings)
  return emulator
}
