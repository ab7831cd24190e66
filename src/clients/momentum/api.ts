/**
 * The HTTP API of SparkPost, SparkPost Elite and Momentum 4.1 to 4.2.30.
 * Source: SparkPost API, Introduction and Webhooks, June 2026
 * (github.com/SparkPost/developers.sparkpost.com, content/api/introduction.apib, webhooks.apib).
 */
import { OptionError } from '../../errors.ts'
import { isObject } from '../../lib/guards.ts'
import { keysOf, knownKeys, shown } from '../../lib/options.ts'
import type { Secret } from '../../types.ts'
import type { Answer, Refusal } from '../api/answer.ts'
import type { Api } from '../api/api.ts'
import { ApiError, type TargetAnswer } from '../api/api-error.ts'
import { baseUrlOf, createApi, keyLogin, secretReader } from '../api/settings.ts'

export interface MomentumApiOptions {
  /**
   * `https://api.sparkpost.com`, `https://api.eu.sparkpost.com`, the host of an enterprise or Elite customer, or a Momentum
   * server. Default `https://api.sparkpost.com`.
   */
  readonly baseUrl?: string
  /** Read for every call: a text, `{ env: 'NAME' }`, or a function. */
  readonly apiKey: Secret
  /** SparkPost: 0 for the primary account alone, else the number of a subaccount. Default: the whole account. */
  readonly subaccount?: number
  /** How long one try of a call may take. Default 30 000. */
  readonly timeoutMs?: number
}

const KEYS = keysOf<MomentumApiOptions>({ baseUrl: true, apiKey: true, subaccount: true, timeoutMs: true })

/** @throws OptionError */
export function momentumApi(name: string, options: MomentumApiOptions): Api {
  knownKeys(name, options, KEYS)
  const { baseUrl = 'https://api.sparkpost.com', apiKey, subaccount, timeoutMs } = options
  return createApi({
    name,
    baseUrl: baseUrlOf(name, baseUrl, '/api/v1'),
    login: keyLogin(`${name}: apiKey`, secretReader(`${name}: apiKey`, apiKey)),
    headers: subaccount === undefined ? {} : { 'x-msys-subaccount': subaccountOf(name, subaccount) },
    timeoutMs,
    refusalOf,
  })
}

function subaccountOf(name: string, value: unknown): string {
  if (Number.isSafeInteger(value) && Number(value) >= 0) return String(value)
  throw new OptionError(`${name}: subaccount must be a whole number ≥ 0, got ${shown(value)}`)
}

/** A list of errors, or the one error of 2016 and 2017; each field may be missing. */
function refusalOf(body: unknown): Refusal {
  const errors: unknown = isObject(body) ? body.errors : null
  const first: unknown = Array.isArray(errors) ? errors[0] : errors
  if (!isObject(first)) return { message: null, targetAnswer: null }
  const said = [first.message, first.description, first.param].filter((text) => typeof text === 'string')
  return { message: said.length === 0 ? null : said.join(': '), targetAnswer: targetAnswerOf(first.response) }
}

/** What a target answered to a test post; null where the sender tells nothing. */
export function targetAnswerOf(response: unknown): TargetAnswer | null {
  if (!isObject(response)) return null
  const { status, headers, body } = response
  const entries = Object.entries(isObject(headers) ? headers : {})
  return {
    status: typeof status === 'number' ? status : null,
    headers: Object.fromEntries(entries.map(([name, value]) => [name, String(value)])),
    body: typeof body === 'string' ? body : '',
  }
}

/** `results` of an answer, which is one object. @throws ApiError */
export function resultOf(what: string, answer: Answer): Readonly<Record<string, unknown>> {
  const { results } = isObject(answer.body) ? answer.body : {}
  if (isObject(results)) return results
  throw strange(what, answer, 'an object')
}

/** `results` of an answer, which is a list. @throws ApiError */
export function resultsOf(what: string, answer: Answer): readonly Readonly<Record<string, unknown>>[] {
  const { results } = isObject(answer.body) ? answer.body : {}
  if (Array.isArray(results) && results.every(isObject)) return results
  throw strange(what, answer, 'a list of objects')
}

const strange = (what: string, { status }: Answer, expected: string) =>
  new ApiError(`${what}: the answer has no results that are ${expected}`, { code: 'ERR_API_UNREACHABLE', status })
