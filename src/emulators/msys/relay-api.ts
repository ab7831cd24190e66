/**
 * The Relay Webhooks API.
 * Source: SparkPost API, Relay Webhooks, June 2026
 * (github.com/SparkPost/developers.sparkpost.com, content/api/relay-webhooks.apib).
 */
import type { ApiAnswer, ApiRequest, Route } from '../kit/server.ts'
import { type ApiOptions, refusing } from './api.ts'
import { failedTest, type Poster } from './post.ts'
import type { Relays, RelayWebhook } from './relay.ts'
import { relayMessageOf } from './relay-message.ts'
import { parsedBody } from './settings.ts'

const BASE = '/api/v1/relay-webhooks'

const TEST_MAIL = {
  from: 'recipient@example.com',
  to: 'inbound@example.com',
  subject: 'A test of the relay webhook',
  text: 'A test of the relay webhook.',
}

export function relayApi(options: ApiOptions, relays: Relays, poster: Poster): readonly Route[] {
  const route = (method: string, path: string, answer: (request: ApiRequest) => ApiAnswer | Promise<ApiAnswer>) => {
    return { method, path: `${BASE}${path}`, answer: refusing(options, answer) }
  }
  const found = ({ params }: ApiRequest) => relays.get(params.id ?? '')
  return [
    route('POST', '', ({ body }) => idOf(relays.create(parsedBody(body)))),
    route('GET', '', () => ({
      status: 200,
      body: { results: relays.all().map((one) => ({ id: one.id, ...one.settings })) },
    })),
    route('GET', '/:id', (request) => ({ status: 200, body: { results: found(request).settings } })),
    route('PUT', '/:id', (request) => {
      const webhook = found(request)
      relays.update(webhook, parsedBody(request.body))
      return idOf(webhook)
    }),
    route('DELETE', '/:id', (request) => {
      found(request).deleted = true
      // 200, where event webhooks answer 204.
      return { status: 200, body: {} }
    }),
    route('POST', '/:id/validate', (request) => validate(found(request), poster)),
  ]
}

const idOf = ({ id }: RelayWebhook): ApiAnswer => ({ status: 200, body: { results: { id } } })

/** A sample message goes to the target. */
async function validate({ id, settings, credentials }: RelayWebhook, poster: Poster): Promise<ApiAnswer> {
  const body = JSON.stringify([{ msys: { relay_message: relayMessageOf(TEST_MAIL, id) } }])
  const outcome = await poster.test(settings, credentials, body)
  if (outcome.status !== 200) throw failedTest('POST to webhook target URL failed', outcome)
  const { status, headers, body: text } = outcome
  const results = { msg: 'Test POST to endpoint succeeded', response: { status, headers, body: text } }
  return { status: 200, body: { results } }
}
