import { describe, expect, it, onTestFinished } from 'vitest'
import { type ApiAnswer, type ApiRequest, ApiServer, type Route } from '../../../src/emulators/kit/server.ts'

async function served(routes: readonly Route[]): Promise<string> {
  const server = new ApiServer({
    routes,
    refuse: ({ headers }) => (headers['x-key'] === 'wrong' ? { status: 401 } : null),
    noRoute: (_, methods) => ({ status: methods.length === 0 ? 404 : 405 }),
  })
  onTestFinished(() => server.close())
  return (await server.listen()).url
}

const route = (method: string, path: string, answer: (request: ApiRequest) => ApiAnswer): Route => ({
  method,
  path,
  answer,
})

describe('the server of an API', () => {
  it('finds the route by method and path, with or without a slash at the end, and fills its parameters', async () => {
    const url = await served([
      route('GET', '/v1/things/:id', ({ params, query, origin }) => ({
        status: 200,
        body: { id: params.id, q: query.get('q'), origin },
      })),
      route('POST', '/v1/things', ({ body }) => ({ status: 201, body, headers: { 'content-type': 'text/plain' } })),
      route('DELETE', '/v1/things/:id', () => ({ status: 204 })),
    ])
    for (const path of ['/v1/things/a%20b', '/v1/things/a%20b/'])
      expect(await (await fetch(`${url}${path}?q=1`)).json()).toEqual({ id: 'a%20b', q: '1', origin: url })
    expect(await (await fetch(`${url}/v1/things/`, { method: 'POST', body: 'text' })).text()).toBe('text')
    const empty = await fetch(`${url}/v1/things/a`, { method: 'DELETE' })
    expect([empty.status, await empty.text(), empty.headers.get('content-type')]).toEqual([204, '', null])
    expect((await fetch(`${url}/v1/things/a`, { method: 'PUT' })).status).toBe(405)
    expect((await fetch(`${url}/v1`)).status).toBe(404)
    expect((await fetch(`${url}/v1`, { headers: { 'x-key': 'wrong' } })).status).toBe(401)
  })

  it('answers 500 when a route throws, 413 to a body beyond 1 MiB, and goes on', async () => {
    const url = await served([
      route('POST', '/fails', () => {
        throw new Error('broken')
      }),
      route('POST', '/works', ({ body }) => ({ status: 200, body: { length: body.length } })),
    ])
    const post = (path: string, body: string) => fetch(`${url}${path}`, { method: 'POST', body })
    expect((await post('/fails', '')).status).toBe(500)
    expect((await post('/works', 'x'.repeat(2 ** 20 + 1))).status).toBe(413)
    expect(await (await post('/works', 'x'.repeat(2 ** 20))).json()).toEqual({ length: 2 ** 20 })
  })

  it('listens on any free port, rejects one that is taken, and closes with connections open', async () => {
    const [first, second] = [1, 2].map(
      () => new ApiServer({ routes: [], refuse: () => null, noRoute: () => ({ status: 404 }) }),
    )
    const { port, url } = await (first as ApiServer).listen()
    await expect((second as ApiServer).listen({ port })).rejects.toMatchObject({ code: 'EADDRINUSE' })
    await fetch(url)
    await (first as ApiServer).close()
    await (second as ApiServer).close()
    await expect(fetch(url)).rejects.toThrow()
  })
})
