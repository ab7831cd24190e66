/** The port for operators. */
import { once } from 'node:events'
import { request } from 'node:http'
import { networkInterfaces } from 'node:os'
import { Counter, Gauge, register } from 'prom-client'
import { afterEach, expect, it } from 'vitest'
import { token } from '../../src/auth/index.ts'
import { OpsServer } from '../../src/cli/ops-server.ts'
import { memory } from '../../src/inboxes/memory/index.ts'
import { createReceiver, OptionError } from '../../src/index.ts'
import { metrics as putMetrics } from '../../src/prometheus/index.ts'
import { rememberingLogger } from '../support/log.ts'
import { toy } from '../support/toy.ts'

const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0)) await end()
})

function receiving(options: object = {}) {
  const receiver = createReceiver({ inbox: memory(), sources: { shop: toy() }, logger: false, ...options })
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

it('has the metrics of the receiver, and what the program has registered beside them, until it closes', async () => {
  const receiver = receiving()
  await receiver.start()
  const mine = new Counter({ name: 'mine_total', help: 'mine' })
  ends.push(() => register.clear())
  mine.inc(3)
  const ops = new OpsServer(receiver, { port: 0, dashboard: false })
  const { metrics } = await ops.listen()
  await receiver.inject('shop', [{ type: 'ping' }])
  const answer = await fetch(String(metrics))
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, register.contentType])
  const lines = (await answer.text()).split('\n')
  expect(lines).toContain('posthorn_deliveries_total{source="shop",result="accepted"} 1')
  expect(lines).toContain('mine_total 3')
  ops.close()
  expect(register.getMetricsAsArray().map(({ name }) => name)).toEqual(['mine_total'])
})

it('answers probes to GET and HEAD alone, and lets nobody keep the answer', async () => {
  const receiver = receiving()
  await receiver.start()
  const { health } = await listening(receiver, { port: 0, dashboard: false })
  for (const path of ['live', 'ready', 'metrics']) {
    const get = await fetch(`${health}/${path}`)
    expect([get.status, get.headers.get('cache-control')]).toEqual([200, 'no-store'])
    expect((await fetch(`${health}/${path}`, { method: 'HEAD' })).status).toBe(200)
    const post = await fetch(`${health}/${path}`, { method: 'POST', body: 'x' })
    expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
  }
})

it('leaves the metrics as the program has put them in', async () => {
  const receiver = receiving()
  await receiver.start()
  const own = putMetrics(receiver, { register, names: true })
  ends.push(() => own.dispose())
  const ops = new OpsServer(receiver, { port: 0, dashboard: false })
  const { metrics } = await ops.listen()
  ops.close()
  expect(metrics).toMatch(/\/metrics$/)
  expect(register.getSingleMetric('posthorn_ready')).toBeDefined()
})

it('answers 500 where a metric of the program throws, says so in the log, and goes on', async () => {
  const logger = rememberingLogger()
  const receiver = receiving({ logger })
  await receiver.start()
  new Gauge({
    name: 'mine',
    help: 'mine',
    collect() {
      throw new Error('no')
    },
  })
  ends.push(() => register.clear())
  const { health, metrics } = await listening(receiver, { port: 0, dashboard: false })
  expect((await fetch(String(metrics))).status).toBe(500)
  expect(logger.lines.map(({ facts }) => facts)).toContainEqual(
    expect.objectContaining({ event: 'hook.threw', hook: 'ops.metrics' }),
  )
  expect((await fetch(`${health}/live`)).status).toBe(200)
})
