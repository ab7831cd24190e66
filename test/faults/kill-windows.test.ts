/** SIGKILL in every named window of a delivery's way, and at every system call that writes it. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { requestHead } from '../support/wire.ts'
import { later } from './harness/cleanup.ts'
import type { Window } from './harness/plan.ts'
import { Site } from './harness/site.ts'
import { filesOf, tamper } from './harness/strace.ts'
import { describeWith, rounds } from './harness/tools.ts'

interface Expected {
  readonly window: Window
  /** Whether the sender had its 200. */
  readonly acknowledged: boolean
  readonly stored: boolean
  /** Calls of the handler that went through, in both processes together. */
  readonly calls: number
}

const windows: readonly Expected[] = [
  { window: 'connected', acknowledged: false, stored: false, calls: 1 },
  { window: 'body begun', acknowledged: false, stored: false, calls: 1 },
  { window: 'body complete', acknowledged: false, stored: false, calls: 1 },
  { window: 'stored', acknowledged: false, stored: true, calls: 1 },
  { window: 'answer begun', acknowledged: false, stored: true, calls: 1 },
  { window: 'answered', acknowledged: true, stored: true, calls: 1 },
  { window: 'claimed', acknowledged: false, stored: true, calls: 1 },
  { window: 'in the handler', acknowledged: true, stored: true, calls: 1 },
  { window: 'handled', acknowledged: true, stored: true, calls: 2 },
  { window: 'settled', acknowledged: true, stored: true, calls: 1 },
]

describe('a kill', () => {
  it.each(windows)('in the window "$window" leaves all or nothing, and the repeat ends well', async (expected) => {
    const site = new Site()
    const killed = await site.start({ killAt: expected.window })
    const sent = site.ledger.add([{}])
    await killed.sender.post(sent)
    expect(await killed.child.exited).toEqual({ code: null, signal: 'SIGKILL' })
    const between = await site.audit()
    expect(between.faults).toEqual([])
    expect(between).toMatchObject({ stored: expected.stored ? 1 : 0 })
    // Whether the answer was out before the claim, when both go on at once, is chance.
    if (expected.window !== 'claimed') expect(between.acknowledged).toBe(expected.acknowledged ? 1 : 0)

    const next = await site.start()
    expect((await next.sender.post(sent.body.length > 0 ? sent : site.ledger.add([{}]))).status).toBe(200)
    await next.control('settled')
    expect(await next.end()).toBe(0)
    expect((await site.audit()).faults).toEqual([])
    expect(site.effects().filter(({ n }) => n === 0)).toHaveLength(expected.calls)
  })

  it('in the middle of the headers stores nothing', async () => {
    const site = new Site()
    const running = await site.start()
    const socket = connect(running.port, '127.0.0.1')
    later(() => socket.destroy())
    socket.on('error', () => {})
    const head = requestHead('POST', '/webhooks/shop', { 'Content-Length': 2 })
    await once(socket, 'connect')
    socket.write(head.slice(0, -20))
    await running.child.line('connection')
    await running.kill()
    expect(await site.audit()).toMatchObject({ faults: [], stored: 0 })
  })
})

describeWith(['strace'], 'a kill inside the write', () => {
  it.each(['pwrite64', 'fsync,fdatasync'])(
    'at any %s of a delivery leaves all of it or nothing',
    async (calls) => {
      const stored: number[] = []
      for (let when = 1; when < 60; when++) {
        const site = new Site()
        const running = await site.start()
        const sent = site.ledger.add([{ pad: 'x'.repeat(rounds(100, 30_000)) }, {}])
        const fault = 'signal=KILL'
        await tamper(running.pid, { calls, fault, when: `${when}`, files: filesOf(site.path) })
        const { status } = await running.sender.post(sent)
        if (status !== 200) expect(await running.child.exited).toEqual({ code: null, signal: 'SIGKILL' })
        await running.kill()
        const found = await site.audit()
        expect(found.faults, `${calls} ${when}`).toEqual([])
        stored.push(found.stored)
        // No such call before the answer any more: every one has had its kill.
        if (status === 200) break
      }
      expect(stored.length).toBeGreaterThan(1)
      expect(stored.at(-1)).toBe(1)
    },
    120_000,
  )
})
