/** The port for operators. */
import { once } from 'node:events'
import { request } from 'node:http'
import { networkInterfaces } from 'node:os'
import { afterEach, expect, it } from 'vitest'
import { token } from '../../src/auth/index.ts'
import { OpsServer } from '../../src/cli/ops-server.ts'
import { memory } from '../../src/inboxes/memory/index.ts'
import { createReceiver, OptionError } from '../../src/index.ts'
import { toy } from '../support/toy.ts'

const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0)) await end()
})

function receiving() {
  const receiver = createReceiver({ inbox: memory(), sources: { shop: toy() }, logger: false })
  ends.push(() => receiver.close({ timeoutMs: 0 }))
  return receiver
}

async function listening(...[receiver, options]: ConstructorParameters<typeof OpsServer>) {
  const ops = new OpsServer(receiver, options)
  ends.push(() => ops.close())
  return ops.listen()
}

it.each(['0.0.0.0', '::', '192.0.2.1', 'ops.example', '127.0.0.1.example'])(
  'is not open at %s without auth',
  (host) => {
    const receiver = receiving()
    expect(() => new OpsServer(receiver, { port: 0, host, dashboard: {} })).toThrow(OptionError)
    expect(() => new OpsServer(receiver, { port: 0, host, dashboard: { access: { act: ['retry'] } } })).toThrow(
      OptionError,
    )
  },
)

it('is open there with auth, or without a dashboard', async () => {
  const receiver = receiving()
  await receiver.start()
  const auth = token('a token of some length')
  const open = await listening(receiver, { port: 0, host: '0.0.0.0', dashboard: { auth } })
  expect((await fetch(`${open.dashboard}?view=log&as=json&redact=1`)).status).toBe(401)
  const headers = { 'x-messagesystems-webhook-token': 'a token of some length' }
  expect((await fetch(`${open.dashboard}?view=log&as=json&redact=1`, { headers })).status).toBe(200)
  const bare = await listening(receiver, { port: 0, host: '0.0.0.0', dashboard: false })
  expect(bare.dashboard).toBeNull()
  expect((await fetch(`${bare.health}/`)).status).toBe(404)
  expect(await (await fetch(`${bare.health}/ready`)).json()).toEqual({ ready: true, reason: null })
})

it('is at both loopback addresses, and answers probes beside the pages', async () => {
  const receiver = receiving()
  await receiver.start()
  const { health, dashboard } = await listening(receiver, { port: 0, dashboard: {} })
  expect(dashboard).toBe(`${health}/`)
  const { port } = new URL(health)
  const hosts = Object.values(networkInterfaces()).flatMap((all) => all?.map(({ address }) => address) ?? [])
  for (const host of ['127.0.0.1', '::1'].filter((one) => hosts.includes(one))) {
    const asked = request({
      host,
      port,
      path: '/any/path?view=log&as=json&redact=1',
      headers: { host: 'localhost' },
    }).end()
    const [answer] = await once(asked, 'response')
    expect(answer.statusCode, host).toBe(200)
    answer.resume()
  }
  expect((await fetch(`${health}/live`)).status).toBe(200)
  await receiver.close()
  expect((await fetch(`${health}/ready`)).status).toBe(503)
})
