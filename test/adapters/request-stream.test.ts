import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { RequestStream } from '../../src/adapters/request-stream.ts'
import type { Sink } from '../../src/http/flow.ts'

/** As much of a request as its body is. */
function newRequest(): IncomingMessage {
  return new Readable({ read() {} }) as IncomingMessage
}

function newSink(wants = Number.POSITIVE_INFINITY) {
  const seen: unknown[] = []
  const sink: Sink = {
    add(chunk) {
      seen.push(Buffer.from(chunk).toString())
      return seen.length < wants
    },
    end: () => void seen.push('end'),
    fail: (error) => void seen.push(error),
  }
  return { seen, sink }
}

test('hands over what comes, then its end, once', async () => {
  const [req, { seen, sink }] = [newRequest(), newSink()]
  new RequestStream(req).flowInto(sink)
  for (const text of ['one', 'two', null]) {
    req.push(text)
    await turn()
  }
  req.destroy()
  await turn()
  expect(seen).toEqual(['one', 'two', 'end'])
})

test('hands over what came before it was asked for, and the end that came with it', async () => {
  const [req, { seen, sink }] = [newRequest(), newSink()]
  req.resume()
  const stream = new RequestStream(req)
  req.push('early')
  req.push(null)
  await turn()
  stream.flowInto(sink)
  expect(seen).toEqual(['early', 'end'])
})

test('fails with what the request failed with as its cause', async () => {
  const [req, { seen, sink }] = [newRequest(), newSink()]
  new RequestStream(req).flowInto(sink)
  req.push('half')
  await turn()
  const cause = new Error('gone')
  req.destroy(cause)
  await turn()
  expect(seen).toEqual(['half', expect.objectContaining({ code: 'ERR_BODY_ABORTED', cause })])
})

test('stops where no more is wanted, and leaves the request paused', async () => {
  const [req, { seen, sink }] = [newRequest(), newSink(1)]
  new RequestStream(req).flowInto(sink)
  for (const text of ['one', 'two', null]) {
    req.push(text)
    await turn()
  }
  expect(seen).toEqual(['one'])
  expect(req.isPaused()).toBe(true)
  expect(req.destroyed).toBe(false)
})
