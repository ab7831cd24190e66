/** Webhooks as somebody wants to have them: compared with what is there, and made so. */
import { OptionError } from '../../errors.ts'
import { didYouMean } from '../../lib/nearest.ts'
import { shown } from '../../lib/options.ts'
import { signalOf } from '../api/arguments.ts'
import type { CallOptions } from '../api/settings.ts'
import { mailjetEventCallbacks } from '../mailjet/event-callbacks.ts'
import { momentumWebhooks } from '../momentum/webhooks.ts'
import type { HookBook, TestedHook } from './change.ts'
import { assertDefinitions, type HookDefinitions } from './definition.ts'
import { MailjetBook } from './mailjet-book.ts'
import { MomentumBook } from './momentum-book.ts'
import { type HookPlan, makePlan } from './plan.ts'
import { type Rotated, type RotateOptions, rotateHook } from './rotate.ts'

export interface Hooks {
  /**
   * Asks the senders what is there, and compares. Changes nothing.
   * @throws ApiError (rejects); ERR_SECRET_MISSING for a secret that is not set
   */
  plan(options?: CallOptions): Promise<HookPlan>
  /**
   * Has a test posted to each target: SparkPost and Momentum do it themselves, for Mailjet the body of its test button is
   * posted from here.
   * @throws ApiError (rejects) when a sender cannot be asked
   */
  test(options?: CallOptions): Promise<readonly TestedHook[]>
  /**
   * Gives the hook of this name another secret at its sender, after the target has taken both: a test with the one that is
   * defined, one with the new. Changes nothing when it does not.
   * @throws OptionError (rejects) for a name that nobody defined, or a hook without token and password; ApiError
   */
  rotate(name: string, options: RotateOptions): Promise<Rotated>
}

/**
 * The webhooks that you want to have, of all senders that have an API for them. Asks nobody yet.
 *
 * @example
 * const hooks = defineHooks({
 *   momentum: [{ name: 'shop', target: 'https://hooks.example.com/webhooks/shop', events: 'all', auth: { token: { env: 'SHOP_TOKEN' } } }],
 * })
 * const plan = await hooks.plan()
 * console.log(plan.text())
 * if (plan.changes.length > 0) await plan.apply()
 * @throws OptionError for a definition that is wrong
 */
export function defineHooks(definitions: HookDefinitions): Hooks {
  assertDefinitions(definitions)
  const { momentum = [], mailjet = [], clients = {} } = definitions
  const momentumClient = once(() => clients.momentum ?? momentumFromEnv())
  const mailjetClient = once(() => clients.mailjet ?? mailjetFromEnv())
  const books: HookBook[] = [
    ...(momentum.length === 0 ? [] : [new MomentumBook(momentumClient, momentum)]),
    ...(mailjet.length === 0 ? [] : [new MailjetBook(mailjetClient, mailjet)]),
  ]
  return {
    plan: async (options) => makePlan(books, signalOf('plan', options)),
    test: async (options) => {
      const signal = signalOf('test', options)
      return (await Promise.all(books.map((book) => book.test(signal)))).flat()
    },
    rotate: async (name, options) => {
      const [rotation] = books.flatMap((book) => book.rotation(name) ?? [])
      if (rotation !== undefined) return rotateHook(name, rotation, options)
      const known = [...momentum, ...mailjet].map((hook) => hook.name)
      const meant = typeof name === 'string' ? didYouMean(name, known) : ''
      throw new OptionError(`rotate: there is no hook ${shown(name)}${meant}`)
    },
  }
}

function once<T>(make: () => T): () => T {
  let made: T | undefined
  return () => {
    made ??= make()
    return made
  }
}

function momentumFromEnv() {
  const { SPARKPOST_BASE_URL: baseUrl } = process.env
  return momentumWebhooks({ apiKey: { env: 'SPARKPOST_API_KEY' }, ...(baseUrl === undefined ? {} : { baseUrl }) })
}

function mailjetFromEnv() {
  const { MAILJET_BASE_URL: baseUrl } = process.env
  const keys = { apiKey: { env: 'MAILJET_API_KEY' }, apiSecret: { env: 'MAILJET_API_SECRET' } }
  return mailjetEventCallbacks({ ...keys, ...(baseUrl === undefined ? {} : { baseUrl }) })
}
