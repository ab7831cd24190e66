/** The recipes of docs/alerts.md, called with findings, against servers of their own. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { mail, pager, slack, watch } from '../../examples/alerts.ts'
import type { Finding } from '../../src/alerts/index.ts'
import { OptionError } from '../../src/index.ts'

const ends: (() => void)[] = []
afterEach(() => {
  for (const end of ends.splice(0)) end()
})

/** Keeps what is posted to it. */
async function receiving(status = 200) {
  const bodies: unknown[] = []
  const server = createServer(async (request, response) => {
    const text = (await request.toArray()).join('')
    bodies.push(JSON.parse(text))
    response.writeHead(status).end('ok')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  ends.push(() => server.close().closeAllConnections())
  return { bodies, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/x` }
}

const finding = (changes: Partial<Finding> = {}): Finding => ({
  ...{ id: 'sender_silent', about: 'shop', severity: 'act', state: 'begun', text: 'nothing came to "shop" for 2 h' },
  ...{ since: new Date('2026-01-01T03:00:00Z'), runbook: 'docs/alerts.md#sender_silent', ...changes },
})

describe('the recipe', () => {
  it('for Slack posts a sentence, and fails where Slack does', async () => {
    const { bodies, url } = await receiving()
    await slack(url)(finding())
    expect(bodies).toEqual([{ text: '*act* begun: nothing came to "shop" for 2 h (docs/alerts.md#sender_silent)' }])
    const down = await receiving(500)
    await expect(slack(down.url)(finding())).rejects.toThrow('500')
  })

  it('for a pager opens one incident, and ends it; what can wait wakes nobody', async () => {
    const { bodies, url } = await receiving(202)
    const notify = pager('key', url)
    for (const state of ['begun', 'goes_on', 'ended'] as const) await notify(finding({ state }))
    await notify(finding({ severity: 'look' }))
    expect(bodies).toMatchObject([
      { event_action: 'trigger', dedup_key: 'posthorn sender_silent shop', routing_key: 'key' },
      { event_action: 'trigger', dedup_key: 'posthorn sender_silent shop' },
      { event_action: 'resolve', dedup_key: 'posthorn sender_silent shop' },
    ])
  })

  it('for mail hands one over, and waits for it', async () => {
    const sent: object[] = []
    const notify = mail({ sendMail: async (one) => sent.push(one) }, { from: 'a@ops.example', to: 'b@ops.example' })
    await notify(finding())
    expect(sent).toMatchObject(
      [
        { to: 'b@ops.example', subject: 'posthorn act begun: nothing came to "shop" for 2 h', text: /2026-01-01T03/ },
      ].map(({ text: _, ...rest }) => rest),
    )
    const down = { sendMail: () => Promise.reject(new Error('the relay is down')) }
    await expect(mail(down, { from: 'a', to: 'b' })(finding())).rejects.toThrow('relay')
  })

  it('for both at once asks for a receiver', () => {
    expect(() => watch({} as never, { slackUrl: 'http://x', pagerKey: 'y' })).toThrow(OptionError)
  })
})

it('Kubernetes asks for the probes that the example has', () => {
  const read = (name: string) => readFileSync(join(import.meta.dirname, '../../examples', name), 'utf8')
  const asked = [...read('kubernetes.yaml').matchAll(/httpGet: \{ path: (\/\w+), port: (\d+) \}/g)]
  const program = read('health.ts')
  expect(asked).toHaveLength(2)
  for (const [, path, port] of asked) {
    expect(program).toContain(`app.get('${path}', `)
    expect(program).toContain(`process.env.PORT ?? ${port}`)
  }
})
