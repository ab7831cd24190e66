/** The answer to a probe, in the host that it came through. */

export interface ProbeAnswer {
  readonly status: number
  readonly body: string
}

/** Of Node, Express and HTTP/2. */
interface NodeResponse {
  statusCode: number
  setHeader(name: string, value: string): unknown
  end(body?: string): unknown
}

/** Of Fastify. */
interface Reply {
  code(status: number): unknown
  header(name: string, value: string): unknown
  send(body: string): unknown
}

const HEADERS = { 'content-type': 'application/json', 'cache-control': 'no-store' }

/** What a host that speaks fetch is to send, and written to the response of any other. */
export async function answer(given: ProbeAnswer, request: unknown, response: unknown): Promise<Response> {
  const { status, body } = given
  const isHead = Object(request).method === 'HEAD'
  if (isReply(response)) return reply(response, given)
  if (isNode(response)) {
    response.statusCode = status
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value)
    response.end(isHead ? undefined : body)
  }
  return new Response(isHead ? null : body, { status, headers: HEADERS })
}

/** Fastify sends what its handler resolves with, so that is what it is given: its reply, which is sent. */
function reply(to: Reply, { status, body }: ProbeAnswer): Response {
  to.code(status)
  for (const [name, value] of Object.entries(HEADERS)) to.header(name, value)
  to.send(body)
  return to as unknown as Response
}

const isReply = (value: unknown): value is Reply => hasMethods(value, ['code', 'header', 'send'])
const isNode = (value: unknown): value is NodeResponse => hasMethods(value, ['setHeader', 'end'])

function hasMethods(value: unknown, names: readonly string[]): boolean {
  return names.every((name) => typeof Object(value)[name] === 'function')
}
