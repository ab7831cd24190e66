/** Events that AWS Lambda gets for an HTTP request (AWS Lambda Developer Guide, "Using API Gateway", payload formats 1.0 and 2.0, 2026). */
import type { Post } from './doors.ts'

export type Events = (post: Post) => object

const NOTHING = { queryStringParameters: null, pathParameters: null, stageVariables: null }

const text = ({ body }: Post) => ({ body: Buffer.from(body).toString(), isBase64Encoded: false })
const base64 = ({ body }: Post) => ({ body: Buffer.from(body).toString('base64'), isBase64Encoded: true })

/** REST APIs: names as they came, each value also in a list. */
const restApi = ({ path, headers }: Post) => ({
  ...{ resource: '/{proxy+}', path, httpMethod: 'POST', ...NOTHING, multiValueQueryStringParameters: null },
  headers: Object.fromEntries(headers),
  multiValueHeaders: Object.fromEntries(
    headers.map(([name]) => [name, headers.filter(([other]) => other === name).map(([, value]) => value)]),
  ),
  requestContext: { httpMethod: 'POST', path, stage: 'prod', identity: { sourceIp: '192.0.2.1' } },
})

/** HTTP APIs and function URLs: names in lower case, values of one name joined. */
const httpApi = ({ path, headers }: Post) => ({
  ...{ version: '2.0', routeKey: '$default', rawPath: path, rawQueryString: '' },
  headers: Object.fromEntries(
    headers.map(([name]) => [
      name.toLowerCase(),
      headers.flatMap(([other, value]) => (other === name ? [value] : [])).join(','),
    ]),
  ),
  requestContext: {
    ...{ stage: '$default', domainName: 'hooks.example.com' },
    http: { method: 'POST', path, protocol: 'HTTP/1.1', sourceIp: '192.0.2.1' },
  },
})

export const formats: Readonly<Record<string, Events>> = {
  'REST API, text': (post) => ({ ...restApi(post), ...text(post) }),
  'REST API, base64': (post) => ({ ...restApi(post), ...base64(post) }),
  'HTTP API, text': (post) => ({ ...httpApi(post), ...text(post) }),
  'HTTP API, base64': (post) => ({ ...httpApi(post), ...base64(post) }),
}
