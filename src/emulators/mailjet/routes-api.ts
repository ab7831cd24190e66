/** `/v3/REST/parseroute`: where inbound mail is posted to (Mailjet Parse API guide, 2023). */
import type { ApiRequest, Route } from '../kit/server.ts'
import { parsed, recordsAnswer, refusing } from './api.ts'
import { Refused, webAddress } from './callback.ts'
import type { ParseRoute, ParseRoutes } from './parse-routes.ts'

const BASE = '/v3/REST/parseroute'

const API_KEY_ID = 123_456

export function parseRouteApi(routes: ParseRoutes): readonly Route[] {
  let lastId = 1_999
  const found = ({ params }: ApiRequest): ParseRoute => {
    const route = routes.get(Number(params.id))
    if (route === undefined) throw new Refused(404, 'Object not found')
    return route
  }
  const create = ({ body }: ApiRequest) => {
    const { Url, Email } = parsed(body)
    const ID = ++lastId
    const email = typeof Email === 'string' && Email !== '' ? Email : `${ID}@parse-in1.mailjet.com`
    if (routes.all().some((one) => one.Email === email))
      throw new Refused(400, `MJ18 A Parseroute resource with value "${email}" for Email already exists`)
    return routes.save({ APIKeyID: API_KEY_ID, Email: email, ID, Url: urlOf(Url) })
  }
  return [
    { method: 'GET', path: BASE, answer: refusing(({ query }) => recordsAnswer(routes.all(), query)) },
    {
      method: 'POST',
      path: BASE,
      answer: refusing((request) => ({ ...recordsAnswer([create(request)]), status: 201 })),
    },
    { method: 'GET', path: `${BASE}/:id`, answer: refusing((request) => recordsAnswer([found(request)])) },
    {
      method: 'PUT',
      path: `${BASE}/:id`,
      answer: refusing((request) =>
        recordsAnswer([routes.save({ ...found(request), Url: urlOf(parsed(request.body).Url) })]),
      ),
    },
    {
      method: 'DELETE',
      path: `${BASE}/:id`,
      answer: refusing((request) => {
        routes.delete(found(request))
        return { status: 204 }
      }),
    },
  ]
}

/** A bare root is refused. */
function urlOf(value: unknown): string {
  const url = webAddress(value)
  if (url !== undefined && new URL(url).pathname !== '/') return url
  throw new Refused(400, 'MJ08 Property Url is invalid')
}
