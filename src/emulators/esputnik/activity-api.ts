/** `GET /api/v2/contacts/activity`: the activities of a time, for whoever lost posts (API reference of docs.yespo.io). */
import { basicLogin } from '../kit/basic.ts'
import type { Api, ApiAnswer, Route } from '../kit/server.ts'
import type { Activity } from './activity.ts'

const PATH = '/api/v2/contacts/activity'
const DAY_MS = 86_400_000
/** The window is three months at most. */
const MAX_WINDOW_MS = 92 * DAY_MS
/** Not documented; public clients ask for 25 000. */
const DEFAULT_ROWS = 25_000

/** Null: it is switched off for the account. */
export function activityApi(activities: readonly Activity[] | null): readonly Route[] {
  const off = failure(400, 'Contact support to enable ContactActivity.')
  return [{ method: 'GET', path: PATH, answer: ({ query }) => (activities === null ? off : list(activities, query)) }]
}

/** The API key is the password of HTTP Basic; any user will do. */
export function outside(apiKey: string): Omit<Api, 'routes'> {
  return {
    refuse: ({ headers }) =>
      basicLogin(headers.authorization)?.password === apiKey ? null : failure(401, 'Unauthorized'),
    noRoute: (_, methods) => (methods.length === 0 ? failure(404, 'Not found') : failure(405, 'Method not allowed')),
  }
}

const failure = (status: number, message: string): ApiAnswer => ({ status, body: { errorCode: status, message } })

/** Days count whole, both included. */
function list(activities: readonly Activity[], query: URLSearchParams): ApiAnswer {
  const [from, to] = [dayIn(query, 'dateFrom'), dayIn(query, 'dateTo')]
  if (!(to - from >= 0 && to - from <= MAX_WINDOW_MS)) return failure(400, 'dateFrom and dateTo: up to three months')
  const [email, status] = [query.get('email'), query.get('status')]
  const offset = Number(query.get('offset') ?? 0)
  const found = activities
    .filter(({ atMs }) => atMs >= from && atMs < to + DAY_MS)
    .filter((one) => (email === null || one.email === email) && (status === null || one.status === status))
    .slice(offset, offset + Number(query.get('maxrows') ?? DEFAULT_ROWS))
  const rows = found.map(({ text }, n) => text.replace(/\}$/, `,"offset":${offset + n + 1}}`))
  return { status: 200, headers: { 'content-type': 'application/json' }, body: `[${rows.join(',')}]` }
}

const dayIn = (query: URLSearchParams, name: string): number => Date.parse(`${query.get(name)?.slice(0, 10)}T00:00:00Z`)
