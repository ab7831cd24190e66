/** Webhooks at an emulated sender, created through its own API as its owner would. */
import { basicHeader } from '../emulators/kit/basic.ts'
import { EVENT_TYPES } from '../emulators/mailjet/event-types.ts'
import { PosthornError } from '../errors.ts'
import { INBOUND_ADDRESS, INBOUND_DOMAIN } from './incoming-mails.ts'

export const refused = (why: string) => new PosthornError('ERR_DELIVERY_REFUSED', why)

/**
 * Momentum and SparkPost, which test the target with a post first. Asks for every event there is.
 * @throws ERR_DELIVERY_REFUSED when the target does not pass
 */
export async function createWebhook(url: string, apiKey: string, webhook: object): Promise<void> {
  const call = (path: string, init: RequestInit = {}) =>
    fetch(`${url}/api/v1/webhooks${path}`, { ...init, headers: { authorization: apiKey } })
  const { results } = (await (await call('/events/documentation')).json()) as Documentation
  const events = Object.values(results).flatMap((group) => Object.keys(group.events))
  const body = JSON.stringify({ name: 'posthorn', events, ...webhook })
  const answer = await call('', { method: 'POST', body })
  if (answer.status !== 200) throw refused(`the target did not pass the test: ${messageOf(await answer.text())}`)
}

interface Documentation {
  readonly results: Readonly<Record<string, { readonly events: object }>>
}

/** SparkPost: the relay webhook of the domain that the mails go to. */
export async function createRelayWebhook(url: string, apiKey: string, webhook: object): Promise<void> {
  const body = JSON.stringify({ name: 'posthorn', match: { protocol: 'SMTP', domain: INBOUND_DOMAIN }, ...webhook })
  const init = { method: 'POST', headers: { authorization: apiKey }, body }
  const answer = await fetch(`${url}/api/v1/relay-webhooks`, init)
  if (answer.status !== 200) throw refused(`the relay webhook was refused: ${messageOf(await answer.text())}`)
}

/** The API's own message, without the answer of the target, which may be long. */
function messageOf(body: string): string {
  const { errors } = JSON.parse(body) as { errors: { message: string } | [{ message: string }] }
  return (Array.isArray(errors) ? errors[0] : errors).message
}

export function authOf(token: string | undefined, basic: string | undefined): object {
  const { username, password } = loginOf(basic)
  return {
    ...(token === undefined ? {} : { auth_token: token }),
    ...(username === undefined ? {} : { auth_type: 'basic', auth_credentials: { username, password } }),
  }
}

/** Mailjet: one record for each event type. */
export async function createCallbacks(
  url: string,
  { apiKey, apiSecret }: { readonly apiKey: string; readonly apiSecret: string },
  target: string,
  grouped: boolean,
): Promise<void> {
  const authorization = basicHeader({ username: apiKey, password: apiSecret })
  for (const EventType of EVENT_TYPES) {
    const body = JSON.stringify({ EventType, Url: target, Version: grouped ? 2 : 1 })
    await fetch(`${url}/v3/REST/eventcallbackurl`, { method: 'POST', headers: { authorization }, body })
  }
}

/** Mailjet: the route of the address that the mails go to. */
export async function createParseRoute(
  url: string,
  { apiKey, apiSecret }: { readonly apiKey: string; readonly apiSecret: string },
  target: string,
): Promise<void> {
  const headers = { authorization: basicHeader({ username: apiKey, password: apiSecret }) }
  const body = JSON.stringify({ Url: target, Email: INBOUND_ADDRESS })
  const answer = await fetch(`${url}/v3/REST/parseroute`, { method: 'POST', headers, body })
  if (answer.status !== 201) throw refused('the parse route was refused: Mailjet takes no bare root')
}

/** Mailjet takes user and password from the address. */
export function withLogin(target: string, basic: string | undefined): string {
  const url = new URL(target)
  const { username, password } = loginOf(basic)
  if (username !== undefined) url.username = encodeURIComponent(username)
  if (password !== undefined) url.password = encodeURIComponent(password)
  return url.href
}

/** `user:password`, as the command line has it. */
export function loginOf(basic: string | undefined): { username?: string; password?: string } {
  const [, username, password] = /^([^:]*):(.*)$/s.exec(basic ?? '') ?? []
  return username === undefined || password === undefined ? {} : { username, password }
}
