/** `/v3/REST/eventcallbackurl` (Mailjet API reference; recorded answers of 2021 and 2025). */
import { isObject } from '../../lib/guards.ts'
import { basicLogin, type Login } from '../kit/basic.ts'
import type { Api, ApiAnswer, ApiRequest, Route } from '../kit/server.ts'
import { type Callback, Refused } from './callback.ts'
import type { Callbacks } from './callbacks.ts'

const BASE = '/v3/REST/eventcallbackurl'

export function callbackApi(callbacks: Callbacks): readonly Route[] {
  const found = ({ params }: ApiRequest) => callbacks.get(params.id ?? '')
  return [
    { method: 'GET', path: BASE, answer: refusing((request) => list(callbacks, request)) },
    {
      method: 'POST',
      path: BASE,
      answer: refusing(({ body }) => ok([callbacks.create(parsed(body))], 201)),
    },
    { method: 'GET', path: `${BASE}/:id`, answer: refusing((request) => ok([found(request)])) },
    { method: 'PUT', path: `${BASE}/:id`, answer: refusing((request) => update(callbacks, found(request), request)) },
    {
      method: 'DELETE',
      path: `${BASE}/:id`,
      answer: refusing((request) => {
        callbacks.delete(found(request))
        return { status: 204 }
      }),
    },
  ]
}

/** What is outside of any route: the keys, and paths that are not there. */
export function outside(login: Login): Omit<Api, 'routes'> {
  return {
    refuse({ headers }) {
      const given = basicLogin(headers.authorization)
      if (given !== null && hasTypographicQuotes(`${given.username}${given.password}`)) return failure(TYPOGRAPHIC)
      const isKnown = given?.username === login.username && given.password === login.password
      return isKnown ? null : failure(new Refused(401, 'API key authentication/authorization failure.'))
    },
    noRoute: (_, methods) =>
      methods.length === 0
        ? failure(new Refused(404, 'The resource with the specified ID you are trying to reach does not exist'))
        : failure(new Refused(405, 'Method not allowed')),
  }
}

/** Command lines are printed with them in places; a shell takes them for letters. */
const hasTypographicQuotes = (text: string): boolean => /[“”„‘’]/.test(text)

const TYPOGRAPHIC = new Refused(
  400,
  'Malformed JSON: it has typographic quotes, as printed; write straight ones, " and \'',
)

export function refusing(answer: (request: ApiRequest) => ApiAnswer): Route['answer'] {
  return (request) => {
    try {
      return answer(request)
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      return failure(error)
    }
  }
}

const failure = ({ status, message }: Refused): ApiAnswer => {
  return { status, body: { ErrorInfo: '', ErrorMessage: message, StatusCode: status } }
}

const ok = (records: readonly object[], status = 200): ApiAnswer => {
  return { status, body: { Count: records.length, Data: records, Total: records.length } }
}

/** Ten records at a time, which hides those beyond, if nobody asks for more. @throws Refused 400 */
export function recordsAnswer(records: readonly object[], query = new URLSearchParams()): ApiAnswer {
  const [limit, offset] = [numberIn(query, 'Limit', 10, 1_000), numberIn(query, 'Offset', 0, Number.MAX_SAFE_INTEGER)]
  return ok(records.slice(offset, offset + limit))
}

/** Only given properties change; 304 when none does. */
function update(callbacks: Callbacks, before: Callback, { body }: ApiRequest): ApiAnswer {
  const updated = callbacks.update(before, parsed(body))
  return updated === null ? { status: 304 } : ok([updated])
}

export function parsed(body: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body)
    if (isObject(value)) return value
  } catch {
    if (hasTypographicQuotes(body)) throw TYPOGRAPHIC
  }
  throw new Refused(400, 'Malformed JSON, please review the syntax and properties types.')
}

const FILTERS: ReadonlyMap<string, keyof Callback> = new Map([
  ['APIKey', 'APIKeyID'],
  ['Backup', 'IsBackup'],
  ['EventType', 'EventType'],
  ['Status', 'Status'],
  ['Version', 'Version'],
])

function list(callbacks: Callbacks, { query }: ApiRequest): ApiAnswer {
  const fits = (callback: Callback) =>
    [...FILTERS].every(([name, field]) => !query.has(name) || query.get(name) === String(callback[field]))
  return recordsAnswer(callbacks.all().filter(fits), query)
}

function numberIn(query: URLSearchParams, name: string, fallback: number, max: number): number {
  const text = query.get(name)
  if (text === null) return fallback
  if (/^\d+$/.test(text) && Number(text) <= max) return Number(text)
  throw new Refused(400, `Invalid ${name}: it must be a whole number up to ${max}`)
}
