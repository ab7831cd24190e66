/**
 * The Webhooks API.
 * Source: SparkPost API, Webhooks, June 2026
 * (github.com/SparkPost/developers.sparkpost.com, content/api/webhooks.apib);
 * its state of November 2016: github.com/SparkPost/gosparkpost, test/json.
 */
import type { Api, ApiAnswer, ApiRequest, Route } from '../kit/server.ts'
import { documentation, samples } from './documentation.ts'
import type { Edition } from './edition.ts'
import { failedTest, PING, type Poster } from './post.ts'
import { parsedBody, parsedJson, Refusal, type Settings, settingsFrom } from './settings.ts'
import type { Webhook } from './webhook.ts'
import type { Webhooks } from './webhooks.ts'

export interface ApiOptions {
  readonly edition: Edition
  readonly apiKey: string
  /** In what `errors` holds: a list, or the one error as the documents of 2016 and 2017 print it. */
  readonly errors: 'list' | 'object'
}

const BASE = '/api/v1/webhooks'

export function webhooksApi(options: ApiOptions, webhooks: Webhooks, poster: Poster): readonly Route[] {
  const { edition } = options
  const guarded = (answer: (request: ApiRequest) => ApiAnswer | Promise<ApiAnswer>) => refusing(options, answer)
  return [
    { method: 'GET', path: `${BASE}/events/documentation`, answer: () => documentation(edition) },
    { method: 'GET', path: `${BASE}/events/samples`, answer: guarded((request) => samples(edition, request)) },
    { method: 'POST', path: BASE, answer: guarded((request) => create(options, webhooks, request)) },
    { method: 'GET', path: BASE, answer: guarded((request) => list(options, webhooks, request)) },
    { method: 'GET', path: `${BASE}/:id`, answer: guarded((request) => retrieve(options, webhooks, request)) },
    { method: 'PUT', path: `${BASE}/:id`, answer: guarded((request) => update(options, webhooks, request)) },
    { method: 'DELETE', path: `${BASE}/:id`, answer: guarded((request) => remove(webhooks, request)) },
    { method: 'POST', path: `${BASE}/:id/validate`, answer: guarded((request) => validate(webhooks, poster, request)) },
    { method: 'GET', path: `${BASE}/:id/batch-status`, answer: guarded((request) => batchStatus(webhooks, request)) },
  ]
}

/** What is outside of any route: the key, and paths that are not there. */
export function outside({ edition, apiKey }: ApiOptions): Pick<Api, 'refuse' | 'noRoute'> {
  return {
    refuse: (request) => (isOpen(edition, request) || hasKey(request, apiKey) ? null : failure(401, 'Unauthorized.')),
    noRoute: (_, methods) =>
      methods.length === 0
        ? failure(404, 'Resource could not be found')
        : { ...failure(405, 'Method not allowed'), headers: { allow: methods.join(', ') } },
  }
}

const failure = (status: number, message: string): ApiAnswer => ({ status, body: { errors: [{ message }] } })

/** On the cloud, documentation and samples want no key. */
function isOpen({ openDocumentation }: Edition, { path }: ApiRequest): boolean {
  return openDocumentation && path.startsWith(`${BASE}/events/`)
}

/** The key itself, or Basic with the key as user and no password. */
function hasKey({ headers }: ApiRequest, apiKey: string): boolean {
  const basic = `Basic ${Buffer.from(`${apiKey}:`).toString('base64')}`
  return headers.authorization === apiKey || headers.authorization === basic
}

/** The answer, or the error that was thrown in its place. */
export function refusing({ errors }: ApiOptions, answer: (request: ApiRequest) => ApiAnswer | Promise<ApiAnswer>) {
  return async (request: ApiRequest): Promise<ApiAnswer> => {
    try {
      return await answer(request)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      return { status: error.status, body: { errors: errors === 'object' ? error.errors[0] : error.errors } }
    }
  }
}

async function create(options: ApiOptions, webhooks: Webhooks, request: ApiRequest): Promise<ApiAnswer> {
  const settings = settingsFrom(options.edition, parsedBody(request.body), null)
  const { id } = await webhooks.create(settings)
  return { status: 200, body: { results: { id, links: [webhookLink(options, request, id)] } } }
}

function list(options: ApiOptions, webhooks: Webhooks, request: ApiRequest): ApiAnswer {
  const results = webhooks.all().map((webhook) => ({
    id: webhook.id,
    ...shown(options, webhook, request),
    links: [webhookLink(options, request, webhook.id)],
  }))
  return { status: 200, body: { results } }
}

function retrieve(options: ApiOptions, webhooks: Webhooks, request: ApiRequest): ApiAnswer {
  const webhook = found(webhooks, request)
  const links = [validateLink(options, request, webhook.id), batchesLink(options, request, webhook.id)]
  return { status: 200, body: { results: { ...shown(options, webhook, request), links } } }
}

async function update(options: ApiOptions, webhooks: Webhooks, request: ApiRequest): Promise<ApiAnswer> {
  const webhook = found(webhooks, request)
  const settings = settingsFrom(options.edition, parsedBody(request.body), webhook.settings)
  await webhooks.update(webhook, settings)
  return { status: 200, body: { results: { id: webhook.id, links: [validateLink(options, request, webhook.id)] } } }
}

function remove(webhooks: Webhooks, request: ApiRequest): ApiAnswer {
  found(webhooks, request).delete()
  return { status: 204 }
}

/** The body is the caller's: a batch, or `{"message": …}` in the older API. */
async function validate(webhooks: Webhooks, poster: Poster, request: ApiRequest): Promise<ApiAnswer> {
  const { settings, credentials } = found(webhooks, request)
  const outcome = await poster.test(settings, credentials, validateBody(request.body))
  if (outcome.status !== 200) throw failedTest('POST to webhook target URL failed', outcome)
  const { status, headers, body } = outcome
  return {
    status: 200,
    body: { results: { msg: 'Test POST to endpoint succeeded', response: { status, headers, body } } },
  }
}

function validateBody(body: string): string {
  if (body.trim() === '') return PING
  const value = parsedJson(body)
  if (value === undefined) throw new Refusal(400, { message: 'Invalid JSON in request', code: 400 })
  const { message } = value as { message?: unknown }
  return JSON.stringify(message ?? value)
}

function batchStatus(webhooks: Webhooks, request: ApiRequest): ApiAnswer {
  const webhook = found(webhooks, request)
  const limit = Number(request.query.get('limit') ?? 1_000)
  if (!Number.isSafeInteger(limit) || limit < 1)
    throw new Refusal(400, { message: 'limit must be a number', code: 400 })
  const results = webhook.statuses(limit).map((status) => ({ ...status, webhook_id: webhook.id }))
  return { status: 200, body: { results } }
}

function found(webhooks: Webhooks, { params }: ApiRequest): Webhook {
  const webhook = webhooks.get(params.id ?? '')
  if (webhook === null) throw new Refusal(404, { message: 'Resource could not be found' })
  return webhook
}

/** The webhook as the API shows it: secrets in clear, as the vendor does. */
function shown({ edition }: ApiOptions, webhook: Webhook, { query }: ApiRequest): Record<string, unknown> {
  const { custom_headers, exception_subaccounts, ...basic } = webhook.settings
  const timeZone = query.get('timezone') ?? 'UTC'
  return {
    ...basic,
    ...(edition.isCloudApi ? { custom_headers, exception_subaccounts } : {}),
    auth_credentials: credentialsShown(webhook.settings, webhook),
    ...timeShown('last_successful', webhook.lastSuccessful, timeZone),
    ...timeShown('last_failure', webhook.lastFailure, timeZone),
  }
}

function credentialsShown(settings: Settings, { credentials }: Webhook): object {
  return settings.auth_type === 'oauth2' ? (credentials.accessToken ?? {}) : settings.auth_credentials
}

/** Absent before the first batch; `2026-01-31 23:59:59` in the zone that was asked for. */
function timeShown(name: string, at: number | null, timeZone: string): Record<string, string> {
  if (at === null) return {}
  try {
    return {
      [name]: new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' }).format(at),
    }
  } catch {
    throw new Refusal(400, { message: 'timezone must be a name of the time zone database', code: 400 })
  }
}

interface Link {
  readonly href: string
  readonly rel: string
  readonly method: readonly string[]
}

const linkTo = (rel: string, suffix: string, ...method: string[]) => {
  return ({ edition }: ApiOptions, { origin }: ApiRequest, id: string): Link => ({
    href: `${edition.absoluteLinks ? origin : ''}${BASE}/${id}${suffix}`,
    rel: `urn.msys.webhooks.${rel}`,
    method,
  })
}

const webhookLink = linkTo('webhook', '', 'GET', 'PUT')
const validateLink = linkTo('validate', '/validate', 'POST')
const batchesLink = linkTo('batches', '/batch-status', 'GET')
