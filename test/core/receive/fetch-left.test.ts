/** Whether the sender of a fetch request has left, as each kind of host shows it. */
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { afterEach, expect, test, vi } from 'vitest'
import { type Listening, listen } from '../../contracts/hosts.ts'
import { createScriptedReceiver, type ScriptedReceiver } from '../../support/scripted-receiver.ts'
import { openWire, requestHead } from '../../support/wire.ts'

const EVENT = '{"event":"open"}'
let server: Listening | undefined

afterEach(async () => {
  vi.unstubAllGlobals()
  await server?.close()
  server = undefined
})

const requestOf = ({ credentials }: ScriptedReceiver, signal: AbortSignal) =>
  new Request('https://example.com/webhooks/shop', { method: 'POST', headers: credentials, body: EVENT, signal })

test.each([
  ['left, on most hosts', {}, 1],
  ['nothing, in Deno, which aborts with every answer', { Deno: {} }, 0],
])('an abort after the answer is %s', async (_what, globals, left) => {
  for (const [name, value] of Object.entries(globals)) vi.stubGlobal(name, value)
  const subject = createScriptedReceiver()
  const gone = new AbortController()
  expect((await subject.handle(requestOf(subject, gone.signal))).status).toBe(200)
  gone.abort()
  expect(await subject.senderLeft()).toBe(left)
})

test('an abort before the answer is a sender that left, in Deno too', async () => {
  vi.stubGlobal('Deno', {})
  const subject = createScriptedReceiver()
  const { reached, release } = subject.hold()
  const gone = new AbortController()
  const answer = subject.handle(requestOf(subject, gone.signal))
  await reached
  gone.abort()
  release()
  await answer
  expect(await subject.senderLeft()).toBe(1)
})

/** As srvx, whose signal aborts when the body is read. */
async function listenAsSrvx(subject: ScriptedReceiver): Promise<Listening> {
  return listen(
    createServer(async (req, res) => {
      const body = new AbortController()
      req.once('close', () => body.abort())
      const answer = await subject.handle(withResponse(requestOf(subject, body.signal), res))
      req.resume()
      if (!req.closed) await once(req, 'close')
      res.end(await answer.text())
    }),
  )
}

const withResponse = (request: Request, res: ServerResponse): Request =>
  Object.assign(request, { runtime: { name: 'node', node: { res } } })

test('on srvx a body that is read is no sender that left', async () => {
  const subject = createScriptedReceiver()
  server = await listenAsSrvx(subject)
  const wire = await openWire(server.port)
  await wire.send(requestHead('POST', '/webhooks/shop', { 'Content-Length': EVENT.length }) + EVENT)
  expect((await wire.response()).status).toBe(200)
  wire.socket.destroy()
  expect(await subject.senderLeft()).toBe(0)
})

test('on srvx a sender that hangs up before its answer has left', async () => {
  const subject = createScriptedReceiver()
  const { reached, release } = subject.hold()
  server = await listenAsSrvx(subject)
  const wire = await openWire(server.port)
  await wire.send(requestHead('POST', '/webhooks/shop', { 'Content-Length': EVENT.length }) + EVENT)
  await reached
  wire.socket.destroy()
  await expect.poll(() => subject.senderLeft()).toBe(1)
  release()
})
