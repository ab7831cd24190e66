import { describe, expect, test, vi } from 'vitest'
import { handleFetch } from '../../../src/core/receive/fetch.ts'
import type { NeutralRequest, NeutralResponse } from '../../../src/ports/host.ts'
import { createScriptedReceiver } from '../../support/scripted-receiver.ts'

const URL_OF_SHOP = 'https://example.com/webhooks/shop'
const EVENT = '{"event":"open"}'

function answer(status: number, more: Partial<NeutralResponse> = {}): NeutralResponse {
  return { status, headers: {}, body: '{}', closeConnection: false, code: null, ...more }
}

/** A request whose body comes from the test. */
function streamed(start: (controller: ReadableStreamDefaultController<Uint8Array>) => void, onCancel = () => {}) {
  const body = new ReadableStream<Uint8Array>({ start, cancel: onCancel })
  return new Request(URL_OF_SHOP, { method: 'POST', body, duplex: 'half' } as RequestInit) // duplex is not in the types
}

const chunksOf = ({ body }: NeutralRequest) => (body as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]()

describe('handle', () => {
  test('stores the bytes of a request and answers with JSON', async () => {
    const { handle, credentials, stored } = createScriptedReceiver()
    const response = await handle(new Request(URL_OF_SHOP, { method: 'POST', headers: credentials, body: EVENT }))
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/json'])
    expect(await response.json()).toEqual({ status: 'accepted' })
    expect((await stored()).map(String)).toEqual([Buffer.from(EVENT)].map(String))
  })

  test('hands over path, query, headers and source', async () => {
    let seen: NeutralRequest | undefined
    const take = async (request: NeutralRequest) => {
      seen = request
      return answer(200)
    }
    const request = new Request('https://example.com/a%20b/shop/?x=%2F&y#no', { headers: { 'X-Key': 'geh\xe4im' } })
    await handleFetch(take, request, { source: 'shop' })
    expect(seen).toMatchObject({ method: 'GET', target: '/a%20b/shop/?x=%2F&y', source: 'shop', body: null })
    expect(seen?.rawHeaders).toEqual(['x-key', 'geh\xe4im'])
  })

  test('answers HEAD without a body, and a refusal with Connection: close', async () => {
    const head = await handleFetch(async () => answer(200), new Request(URL_OF_SHOP, { method: 'HEAD' }))
    expect(head.body).toBeNull()
    const take = async () => answer(401, { closeConnection: true, headers: { 'www-authenticate': 'token' } })
    const refused = await handleFetch(take, new Request(URL_OF_SHOP, { method: 'POST', body: EVENT }))
    expect(Object.fromEntries(refused.headers)).toMatchObject({ connection: 'close', 'www-authenticate': 'token' })
  })

  test('says that a body was read before it, or is being read', async () => {
    const { handle, credentials } = createScriptedReceiver()
    const read = new Request(URL_OF_SHOP, { method: 'POST', headers: credentials, body: EVENT })
    await read.text()
    expect((await handle(read)).status).toBe(500)
    const locked = new Request(URL_OF_SHOP, { method: 'POST', headers: credentials, body: EVENT })
    locked.body?.getReader()
    expect((await handle(locked)).status).toBe(500)
  })
})

describe('a body', () => {
  test('that breaks off throws ERR_BODY_ABORTED with its cause', async () => {
    const cause = new Error('reset')
    const request = streamed((controller) => controller.error(cause))
    await handleFetch(async (neutral) => {
      await expect(chunksOf(neutral).next()).rejects.toMatchObject({ code: 'ERR_BODY_ABORTED', cause })
      return answer(200)
    }, request)
  })

  test('is not touched by a refusal that keeps the connection', async () => {
    const request = streamed(() => {})
    await handleFetch(async () => answer(503), request)
    expect(request.bodyUsed).toBe(false)
    expect(request.body?.locked).toBe(false)
  })

  test('that is left early is not cancelled, but read on a little when the connection ends', async () => {
    const onCancel = vi.fn()
    let pulled = 0
    const body = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          pulled++
          controller.enqueue(new Uint8Array(16 * 1024))
        },
        cancel: onCancel,
      },
      { highWaterMark: 0 },
    )
    const request = new Request(URL_OF_SHOP, { method: 'POST', body, duplex: 'half' } as RequestInit) // as above
    const take = async (neutral: NeutralRequest) => {
      for await (const _ of neutral.body as AsyncIterable<Uint8Array>) break
      return answer(413, { closeConnection: true })
    }
    expect((await handleFetch(take, request)).status).toBe(413)
    expect(pulled).toBe(1 + 4)
    expect(onCancel).not.toHaveBeenCalled()
  })

  test('that does not come does not hold a refusal', async () => {
    const response = await handleFetch(
      async () => answer(401, { closeConnection: true }),
      streamed(() => {}),
    )
    expect(response.status).toBe(401)
  })

  test('that breaks off after a refusal does not break the answer', async () => {
    const request = streamed((controller) => controller.error(new Error('reset')))
    expect((await handleFetch(async () => answer(401, { closeConnection: true }), request)).status).toBe(401)
  })
})

describe('the signal of a request', () => {
  const watching = (onLeft: () => void) => async (neutral: NeutralRequest) => {
    neutral.whenLeft(onLeft)
    return answer(200)
  }

  test('tells once that the sender has left, when it does', async () => {
    const controller = new AbortController()
    const onLeft = vi.fn()
    await handleFetch(watching(onLeft), new Request(URL_OF_SHOP, { signal: controller.signal }))
    expect(onLeft).not.toHaveBeenCalled()
    controller.abort()
    expect(onLeft).toHaveBeenCalledTimes(1)
  })

  test('that has fired before it is asked tells at once', async () => {
    const onLeft = vi.fn()
    await handleFetch(watching(onLeft), new Request(URL_OF_SHOP, { signal: AbortSignal.abort() }))
    expect(onLeft).toHaveBeenCalledTimes(1)
  })
})
