import { emulateMomentum, virtualClock } from 'posthorn/emulators'
import { describe, expect, it, onTestFinished } from 'vitest'
import { api, receiving, TOKEN } from './site.ts'

const ALL = [
  'injection',
  'delivery',
  'delay',
  'bounce',
  'out_of_band',
  'policy_rejection',
  'spam_complaint',
  'open',
  'click',
  'list_unsubscribe',
  'link_unsubscribe',
]

describe('emulated Momentum', () => {
  it('brings traffic to a receiver, to the event', async () => {
    const site = await receiving()
    const momentum = emulateMomentum({ nodes: 2 })
    onTestFinished(() => momentum.close())
    const { url } = await momentum.listen()
    const created = await api(url, 'POST', 'webhooks/', {
      name: 'w',
      target: site.target,
      events: ALL,
      auth_token: TOKEN,
    })
    expect(created).toMatchObject({ status: 200 })
    await momentum.advance('1m')
    momentum.traffic({ messages: 10_000, perSecond: 100 })
    await momentum.advance('4h')
    const report = momentum.report()
    console.log(
      report,
      site.events[0],
      site.events.find((e) => e.name === 'momentum.click'),
    )
    expect(await site.counts()).toEqual(report.expected)
  })
})
