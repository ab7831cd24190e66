import { createReceiver } from 'posthorn'
import { token } from 'posthorn/auth'
import { emulateSparkPost, virtualClock } from 'posthorn/emulators'
import { memory } from 'posthorn/memory'
import { momentum } from 'posthorn/momentum'
import { webhooks as served } from 'posthorn/node'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { rotateSecretIn } from '../../src/clients/hooks/rotate-secret.ts'
import { defineHooks, momentumWebhooks, rotateSecret } from '../../src/clients/index.ts'
import { listening } from '../emulators/site.ts'
import { FakeClock } from '../support/fake-clock.ts'

const [OLD, NEW] = ['an old token of some length', 'a new token of some length']

/** A receiver that reads its secrets from two variables, and SparkPost, which posts to it with the old one. */
async function prepared() {
  const secrets = { old: OLD, new: '' }
  const stub = () => {
    vi.stubEnv('POSTHORN_OLD', secrets.old)
    vi.stubEnv('POSTHORN_NEW', secrets.new)
  }
  stub()
  onTestFinished(() => void vi.unstubAllEnvs())
  const auth = token([
    { label: 'old', secret: { env: 'POSTHORN_OLD', optional: true } },
    { label: 'new', secret: { env: 'POSTHORN_NEW', optional: true } },
  ])
  const receiver = createReceiver({ inbox: memory(), logger: false, sources: { shop: momentum({ auth }) } })
  receiver.on('*', { name: 'all' }, () => {})
  await receiver.start()
  const target = `${await listening(served(receiver))}/webhooks/shop`
  const sparkpost = emulateSparkPost({ clock: virtualClock({ at: Date.now() }), apiKey: 'key' })
  onTestFinished(async () => void (await Promise.all([receiver.close({ timeoutMs: 0 }), sparkpost.close()])))
  const client = momentumWebhooks({ baseUrl: (await sparkpost.listen()).url, apiKey: 'key' })
  const momentumHooks = [{ name: 'shop', target, events: ['injection'], auth: { token: OLD } }]
  const hooks = defineHooks({ momentum: momentumHooks, clients: { momentum: client } })
  await (await hooks.plan()).apply()
  await sparkpost.advance('1m')
  const set = (changes: Partial<typeof secrets>) => {
    Object.assign(secrets, changes)
    stub()
  }
  const options = {
    source: 'shop',
    old: 'old',
    acceptBoth: () => set({ new: NEW }),
    switchOver: () => hooks.rotate('shop', { to: NEW }),
    dropOld: () => set({ old: '' }),
  }
  const statusWith = async (secret: string) => {
    const headers = { 'x-messagesystems-webhook-token': secret }
    return (await fetch(target, { method: 'POST', headers, body: '[{"msys":{}}]' })).status
  }
  return { receiver, sparkpost, client, options, statusWith }
}

describe('a rotation', () => {
  it('accepts both, switches the sender, waits for the last use of the old one, and drops it; nothing is refused', async () => {
    const { receiver, sparkpost, client, options, statusWith } = await prepared()
    const clock = new FakeClock(Date.now())
    const switched = vi.fn(options.switchOver)
    const rotation = rotateSecretIn(clock, receiver, { ...options, switchOver: switched, quietMs: 1_000 })
    await vi.waitFor(() => expect(clock.pending).toBe(1))
    expect((await client.list())[0]?.auth.uses(NEW)).toBe(true)
    expect([await statusWith(OLD), await statusWith(NEW)]).toEqual([200, 200])
    // A batch that waited comes with the old one: the wait begins anew.
    clock.leap(Date.now() - clock.now() + 900)
    expect(await statusWith(OLD)).toBe(200)
    sparkpost.traffic({ messages: 10 })
    await sparkpost.advance('2m')
    expect(receiver.metrics().credentials.shop?.find(({ label }) => label === 'new')?.count).toBeGreaterThan(1)
    await clock.advance(5_000)
    expect(await rotation).toMatchObject({ result: 'rotated', lastUseOfOld: expect.any(Date) })
    expect([await statusWith(OLD), await statusWith(NEW)]).toEqual([401, 200])
    expect(receiver.metrics().rejected).toEqual({ unauthorized: 1 })
    expect(sparkpost.report()).toMatchObject({ repeated: 0, acknowledged: 1 })
  })

  it('ends with both accepted when the target does not take the new one', async () => {
    const { receiver, client, options, statusWith } = await prepared()
    const rotated = await rotateSecret(receiver, { ...options, acceptBoth: () => {}, quietMs: 0 })
    expect(rotated.result).toBe('refused')
    expect((await client.list())[0]?.auth.uses(OLD)).toBe(true)
    expect(await statusWith(OLD)).toBe(200)
  })

  it('ends with both accepted when it is stopped', async () => {
    const { receiver, options, statusWith } = await prepared()
    const clock = new FakeClock(Date.now())
    const stop = new AbortController()
    const rotation = rotateSecretIn(clock, receiver, { ...options, signal: stop.signal })
    await vi.waitFor(() => expect(clock.pending).toBe(1))
    stop.abort(new Error('enough'))
    await expect(rotation).rejects.toThrow('enough')
    expect([await statusWith(OLD), await statusWith(NEW)]).toEqual([200, 200])
    expect(clock.pending).toBe(0)
  })

  it.each([
    [{ old: 'none' }],
    [{ old: '' }],
    [{ source: 'shpo' }],
    [{ switchOver: undefined }],
    [{ dropOld: 7 }],
    [{ quietMs: -1 }],
    [{ quiet: 1 }],
  ])('refuses %j', async (wrong) => {
    const { receiver, client, options } = await prepared()
    const rotation = rotateSecret(receiver, { ...options, quietMs: 0, ...wrong } as never)
    await expect(rotation).rejects.toMatchObject({ code: 'ERR_OPTION' })
    expect((await client.list())[0]?.auth.uses(OLD)).toBe(true)
  })
})
