/** The two probes, in every host, over sockets. */
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import express4 from 'express4'
import fastify from 'fastify'
import { Hono } from 'hono'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { live, type Probe, ready } from '../../src/health/index.ts'
import { memory } from '../../src/inboxes/memory/index.ts'
import { createReceiver, OptionError } from '../../src/index.ts'
import { port } from '../../src/lib/symbols.ts'
import { toy } from '../support/toy.ts'

const ends: (() => unknown)[] = []
afterEach(async () => {
  vi.useRealTimers()
  for (const end of ends.splice(0)) await end()
})

function receiving() {
  const inbox = memory()
  const receiver = createReceiver({ inbox, sources: { shop: toy() }, logger: false })
  ends.push(() => receiver.close({ timeoutMs: 0 }))
  return { receiver, inbox: inbox[port] }
}

async function listening(listener: RequestListener) {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  ends.push(() => new Promise((resolve) => server.close(resolve)))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

type Ask = (method: string) => Promise<Response>
const HOSTS: Readonly<Record<string, (probe: Probe) => Promise<Ask>>> = {
  async express(probe) {
    const url = await listening(express().get('/probe', probe))
    return (method) => fetch(`${url}/probe`, { method })
  },
  async 'express 4'(probe) {
    const url = await listening(express4().get('/probe', probe) as RequestListener)
    return (method) => fetch(`${url}/probe`, { method })
  },
  async fastify(probe) {
    const app = fastify()
    app.get('/probe', probe)
    ends.push(() => app.close())
    const url = await app.listen({ port: 0, host: '127.0.0.1' })
    return (method) => fetch(`${url}/probe`, { method })
  },
  async node(probe) {
    const url = await listening((request, response) => void probe(request, response))
    return (method) => fetch(url, { method })
  },
  async hono(probe) {
    const app = new Hono().get('/probe', (c) => probe(c.req.raw))
    return async (method) => await app.request('/probe', { method })
  },
  async fetch(probe) {
    return (method) => probe(new Request('http://localhost/probe', { method }))
  },
}

describe.each(Object.entries(HOSTS))('in %s', (_name, mount) => {
  it('is ready while deliveries are accepted', async () => {
    const { receiver } = receiving()
    await receiver.start()
    const ask = await mount(ready(receiver))
    const answer = await ask('GET')
    expect([answer.status, await answer.json()]).toEqual([200, { status: 'ready' }])
    expect(answer.headers.get('content-type')).toMatch(/^application\/json/)
    expect(answer.headers.get('cache-control')).toBe('no-store')
    const head = await ask('HEAD')
    expect([head.status, await head.text()]).toEqual([200, ''])
  })

  it('is not before the start, and says no reason to strangers', async () => {
    const { receiver } = receiving()
    const answer = await (await mount(ready(receiver)))('GET')
    expect([answer.status, await answer.text()]).toEqual([503, '{"status":"unready"}'])
  })

  it('lives whatever becomes of the inbox', async () => {
    const answer = await (await mount(live()))('GET')
    expect([answer.status, await answer.json()]).toEqual([200, { status: 'live' }])
  })
})

describe('a probe', () => {
  it('asks the inbox once a second, however many ask', async () => {
    const { receiver, inbox } = receiving()
    await receiver.start()
    const stats = vi.spyOn(inbox.records, 'stats')
    vi.useFakeTimers({ toFake: ['performance'] })
    const probe = ready(receiver)
    await Promise.all(Array.from({ length: 100 }, () => probe()))
    vi.advanceTimersByTime(999)
    expect((await probe()).status).toBe(200)
    expect(stats).toHaveBeenCalledTimes(1)
    await receiver.close()
    vi.advanceTimersByTime(1)
    expect((await probe()).status).toBe(503)
  })

  it.each([
    ['does not answer', () => new Promise<never>(() => {})],
    ['fails', () => Promise.reject(new Error('no'))],
  ])('is answered 503 where the receiver %s', async (_what, health) => {
    vi.useFakeTimers()
    const asked = ready({ health })()
    await vi.advanceTimersByTimeAsync(2_000)
    expect((await asked).status).toBe(503)
  })

  it.each([undefined, null, {}, 5])('is of a receiver: %j', (wrong) => {
    expect(() => ready(wrong as never)).toThrow(OptionError)
  })
})
