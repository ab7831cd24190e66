/** Mailjet's REST API: login, errors, and lists page by page (dev.mailjet.com, API reference, 2021). */
import { isObject } from '../../lib/guards.ts'
import { keysOf, knownKeys } from '../../lib/options.ts'
import type { Secret } from '../../types.ts'
import type { Answer, Refusal } from '../api/answer.ts'
import type { Api } from '../api/api.ts'
import { ApiError } from '../api/api-error.ts'
import { baseUrlOf, basicLogin, createApi, secretReader } from '../api/settings.ts'

export interface MailjetApiOptions {
  readonly apiKey: Secret
  readonly apiSecret: Secret
  /** Default `https://api.mailjet.com`. */
  readonly baseUrl?: string
  /** How long one try of a call may take. Default 30 000. */
  readonly timeoutMs?: number
}

const KEYS = keysOf<MailjetApiOptions>({ apiKey: true, apiSecret: true, baseUrl: true, timeoutMs: true })

export type Wire = Readonly<Record<string, unknown>>

/** @throws OptionError */
export function mailjetApi(name: string, options: MailjetApiOptions): Api {
  knownKeys(name, options, KEYS)
  const { baseUrl = 'https://api.mailjet.com', apiKey, apiSecret, timeoutMs } = options
  const [key, secret] = [
    secretReader(`${name}: apiKey`, apiKey),
    secretReader(`${name}: apiSecret`, apiSecret),
  ] as const
  return createApi({
    name,
    baseUrl: baseUrlOf(name, baseUrl, '/v3/REST'),
    login: basicLogin(key, secret),
    timeoutMs,
    refusalOf,
  })
}

function refusalOf(body: unknown): Refusal {
  const { ErrorMessage, ErrorInfo } = isObject(body) ? body : {}
  const said = [ErrorMessage, ErrorInfo].filter((text) => typeof text === 'string' && text !== '')
  return { message: said.length === 0 ? null : said.join(': '), targetAnswer: null }
}

/** Without it the API shows 10 records, and hides the rest. */
const PAGE = 1_000

/** All records, whatever their number. */
export async function allRecords(api: Api, name: string, path: string, signal?: AbortSignal): Promise<readonly Wire[]> {
  const found: Wire[] = []
  for (;;) {
    const query = { Limit: PAGE, Offset: found.length }
    const page = recordsOf(name, await api.call({ method: 'GET', path, query, signal }))
    if (found.some(({ ID }) => ID === page[0]?.ID)) throw strange(name, 'repeats a page', 200)
    found.push(...page)
    if (page.length < PAGE) return found
  }
}

/** `Data` of an answer. @throws ApiError */
export function recordsOf(name: string, { status, body }: Answer): readonly Wire[] {
  const { Data } = isObject(body) ? body : {}
  if (Array.isArray(Data) && Data.every(isObject)) return Data
  throw strange(name, 'has no Data that is a list of records', status)
}

/** The one record of an answer. @throws ApiError */
export function recordOf(name: string, answer: Answer): Wire {
  const [record] = recordsOf(name, answer)
  if (record !== undefined) return record
  throw strange(name, 'has no record', answer.status)
}

const strange = (name: string, why: string, status: number) =>
  new ApiError(`${name}: the answer ${why}`, { code: 'ERR_API_UNREACHABLE', status })
