import { OptionError } from '../errors.ts'
import { singleHeader } from '../http/headers.ts'
import { keysOf, kindOf, knownKeys, wholeNumber } from '../lib/options.ts'
import { toldOf } from '../lib/told-error.ts'
import type { Auth, AuthRequest, AuthSetting, Refused, Verdict } from '../ports/auth.ts'
import { createBudget } from './budget.ts'
import { WRONG } from './compare.ts'
import { createAuth, REALM } from './kind.ts'

/** The head of a request, as a function of yours sees it. It holds credentials: keep it out of logs. */
export interface HeadOfRequest {
  readonly source: string
  /** Path and query as on the request line, undecoded. */
  readonly target: string
  /** Name and value in turn, as received. */
  readonly rawHeaders: readonly string[]
  /** The value of a header that came once; null when it is missing or repeated. */
  header(name: string): string | null
  /** Fires when the time is over; the answer does not matter any more. */
  readonly signal: AbortSignal
}

/** Whether the request is let in; with a label where `event.delivery.credential` and the metrics are to show one. */
export type CustomAnswer = boolean | { readonly credential: string }

export interface CustomOptions {
  /** What the start line shows. Default `custom`. */
  readonly name?: string
  /** The function may take this long, in ms. Default 2_000: senders give up after 6 s. */
  readonly timeoutMs?: number
}

const KEYS = keysOf<CustomOptions>({ name: true, timeoutMs: true })

/**
 * Lets in the requests that your function accepts. It gets the head of a request, before the body is read; `false` is
 * answered 401. When the function throws, takes too long, or returns anything else than is declared, the answer is 503, so that
 * the sender repeats, and the code of the error is logged.
 *
 * Requests that it turned down count: past 20 a minute from one address, or 200 in all, further calls wait in a queue.
 * @example momentum({ auth: custom(({ header }) => header('x-partner-key') === process.env.PARTNER_KEY) })
 * @throws OptionError when `check` is no function or an option is wrong
 */
export function custom(
  check: (request: HeadOfRequest) => CustomAnswer | Promise<CustomAnswer>,
  options: CustomOptions = {},
): Auth {
  if (typeof check !== 'function') throw new OptionError(`custom: expected a function, got ${kindOf(check)}`)
  knownKeys('custom', options, KEYS)
  const { name = 'custom' } = options
  if (typeof name !== 'string' || !NAME.test(name)) throw new OptionError('custom: name must be a word')
  const timeoutMs = wholeNumber('custom: timeoutMs', options.timeoutMs, 2_000, 1, 60_000)
  return createAuth(name, {
    challenge: `${name} ${REALM}`,
    slow: true,
    async prepare(at) {
      const budget = createBudget(at)
      return function verifyCustom(request) {
        return budget(request.peer, () => ask(at, check, request, timeoutMs))
      }
    },
    // It may let in what carries nothing, or what a test adds.
    present: async () => ({ rawHeaders: [], query: '' }),
  })
}

type Ask = Parameters<typeof custom>[0]

/** Never rejects. */
async function ask(at: AuthSetting, check: Ask, request: AuthRequest, timeoutMs: number): Promise<Verdict> {
  const controller = new AbortController()
  const late = Promise.withResolvers<Verdict>()
  const cancel = at.clock.after(timeoutMs, () => {
    controller.abort()
    late.resolve(trouble(at, 'custom_timeout', { timeoutMs }))
  })
  const answered = answerOf(check, headOf(at.source, request, controller.signal))
  const first = await Promise.race([answered, late.promise])
  cancel()
  return 'ok' in first ? first : toVerdict(at, first)
}

/** Never rejects; a function that throws at once is as one that rejects. What comes late is not looked at. */
async function answerOf(check: Ask, head: HeadOfRequest): Promise<{ answer: unknown } | { error: unknown }> {
  try {
    return { answer: await check(head) }
  } catch (error) {
    return { error }
  }
}

function headOf(source: string, { target, rawHeaders }: AuthRequest, signal: AbortSignal): HeadOfRequest {
  return { source, target, rawHeaders, header: (name) => singleHeader(rawHeaders, name.toLowerCase()), signal }
}

function toVerdict(at: AuthSetting, outcome: { answer: unknown } | { error: unknown }): Verdict {
  if ('error' in outcome) return trouble(at, 'custom_failed', toldOf(outcome.error))
  const { answer } = outcome
  if (answer === true) return { ok: true, credential: null }
  if (answer === false) return WRONG
  const label: unknown = typeof answer === 'object' && answer !== null && 'credential' in answer && answer.credential
  // A forgotten `return` or a promise in a field must not open the door.
  if (typeof label !== 'string' || label.trim() === '') return trouble(at, 'custom_answer', {})
  return { ok: true, credential: label.slice(0, LONGEST_LABEL) }
}

const LONGEST_LABEL = 100

function trouble(at: AuthSetting, reason: string, facts: object): Refused {
  const { source } = at
  at.notice(`custom:${source}:${reason}`, 'error', `source "${source}": ${WORDS[reason]}: answered 503`, {
    event: 'auth.custom_failed',
    source,
    reason,
    ...facts,
  })
  return { ok: false, unavailable: true, reason }
}

const WORDS: Readonly<Record<string, string>> = {
  custom_timeout: 'the function that authenticates took too long',
  custom_failed: 'the function that authenticates failed',
  custom_answer: 'the function that authenticates answered neither true nor false nor { credential }',
}

/** It stands in a challenge: RFC 9110 section 11.1, token. */
const NAME = /^[A-Za-z][A-Za-z0-9_-]*$/
