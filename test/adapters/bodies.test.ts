import { describe, expect, it } from 'vitest'
import { basic, header, token } from '../../src/auth/index.ts'
import { createReceiver } from '../../src/core/receiver.ts'
import { memory } from '../../src/inboxes/memory/index.ts'
import { esputnik } from '../../src/providers/esputnik/index.ts'
import { esputnikSamples, esputnikWire } from '../../src/providers/esputnik/samples.ts'
import { mailjet } from '../../src/providers/mailjet/index.ts'
import { mailjetSamples, mailjetWire } from '../../src/providers/mailjet/samples.ts'
import { momentum } from '../../src/providers/momentum/index.ts'
import { momentumSamples, momentumWire } from '../../src/providers/momentum/samples.ts'
import { batchOf } from '../../src/testing/batch.ts'
import type { AnyEvent } from '../../src/types.ts'
import type { AdapterSubject } from '../contracts/adapters.ts'
import { type Host, hosts } from '../contracts/hosts.ts'
import { type SampleBody, sampleBodies, samplesFolder } from '../support/sample-bodies.ts'

const SECRET = 'a-secret-of-some-length'
const SENDERS = {
  momentum: { source: 'shop', headers: { 'x-messagesystems-webhook-token': SECRET } },
  mailjet: { source: 'news', headers: { authorization: `Basic ${Buffer.from(`mj:${SECRET}`).toString('base64')}` } },
  esputnik: { source: 'crm', headers: { 'x-key': SECRET } },
}

const every = (samples: object, wire: (name: never, fields: never) => string) =>
  Object.entries(samples).flatMap(([name, types]: [string, object]) =>
    Object.values(types).map((fields) => wire(name as never, fields as never)),
  )
const mailjets = every(mailjetSamples, (_, fields) => mailjetWire(fields))
const activities = every(esputnikSamples, (_, fields) => esputnikWire(fields))

const own: SampleBody[] = [
  { sender: 'momentum', name: 'every type', text: `[${every(momentumSamples, momentumWire).join(',\n')}]` },
  {
    sender: 'momentum',
    name: 'unwrapped',
    text: '[{"track_event":{"type":"open","rcpt_to":"a@b.example"}},{"type":"click"}]',
  },
  { sender: 'momentum', name: 'large', text: batchOf(500) },
  { sender: 'mailjet', name: 'grouped', text: `[${mailjets.join(',')}]` },
  ...mailjets.map((text) => ({ sender: 'mailjet', name: 'single', text }) as const),
  { sender: 'esputnik', name: 'every status', text: `[${activities.join(',')}]` },
]

interface Outcome {
  readonly events: AnyEvent[]
  readonly statuses: string[]
  readonly quarantined: number
}

async function through(host: Host, bodies: readonly SampleBody[]): Promise<Outcome> {
  const receiver = createReceiver({
    inbox: memory(),
    sources: {
      shop: momentum({ auth: token(SECRET) }),
      news: mailjet({ auth: basic({ username: 'mj', password: SECRET }) }),
      crm: esputnik({ auth: header('x-key', SECRET), timeZone: 'UTC' }),
    },
    logger: false,
  })
  const events: AnyEvent[] = []
  receiver.on('*', (event) => void events.push(event))
  const server = await host.listen({ receiver, handle: receiver.handle, source: 'shop' } as unknown as AdapterSubject)
  const statuses: string[] = []
  for (const { sender, text } of bodies) {
    const { source, headers } = SENDERS[sender]
    const url = `http://127.0.0.1:${server.port}/webhooks/${source}`
    const response = await fetch(url, { method: 'POST', body: text, headers })
    statuses.push(`${response.status} ${((await response.json()) as { status: string }).status}`)
  }
  await receiver.whenIdle()
  const { quarantined } = await receiver.inbox.stats()
  await receiver.close()
  await server.close()
  return { events, statuses, quarantined }
}

/** What does not depend on the moment of receipt. */
const timeless = (events: readonly AnyEvent[]) =>
  events
    .map(({ receivedAt: _receivedAt, lateMs: _lateMs, ...event }) =>
      event.occurredAtFrom === 'received' ? { ...event, occurredAt: null } : event,
    )
    .sort((a, b) => a.id.localeCompare(b.id))

async function throughAll(bodies: readonly SampleBody[]): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  for (const host of hosts) outcomes.push(await through(host, bodies))
  return outcomes
}

function expectEqual(outcomes: readonly Outcome[]): Outcome {
  const [first, ...others] = outcomes as [Outcome, ...Outcome[]]
  for (const other of others) {
    expect(other.statuses).toEqual(first.statuses)
    expect(timeless(other.events)).toEqual(timeless(first.events))
  }
  return first
}

describe('bodies of every sender', () => {
  it('reach typed handlers through every host with equal results', async () => {
    const { events, statuses, quarantined } = expectEqual(await throughAll(own))
    expect(new Set(statuses)).toEqual(new Set(['200 accepted']))
    expect(quarantined).toBe(0)
    expect(events.filter((event) => event.type === 'unknown')).toEqual([])
    expect(events.length).toBeGreaterThan(550)
  })

  it('keep every digit of MessageID', async () => {
    const body = mailjetWire({ ...mailjetSamples['mailjet.open'].opened, MessageID: '19421777396190490' })
    const outcomes = await throughAll([{ sender: 'mailjet', name: 'open', text: body }])
    for (const { events } of outcomes)
      expect(events).toMatchObject([{ messageId: '19421777396190490', payload: { MessageID: '19421777396190490' } }])
  })
})

describe.runIf(samplesFolder !== undefined)('public samples (POSTHORN_SAMPLES)', () => {
  it('reach typed handlers through every host with equal results', async () => {
    const bodies = sampleBodies()
    expect(bodies.length).toBeGreaterThan(20)
    const { events, statuses, quarantined } = expectEqual(await throughAll(bodies))
    expect(new Set(statuses)).toEqual(new Set(['200 accepted', '200 probe']))
    expect(quarantined).toBe(0)
    const unknown = events.filter((event) => event.type === 'unknown')
    // Mailjet's Parse API sends mails, not events.
    expect(unknown.filter((event) => event.name !== 'mailjet.unknown')).toEqual([])
    expect(unknown.length).toBe(bodies.filter(({ name }) => name.includes('parse-api')).length)
    expect(events.length).toBeGreaterThan(90)
  })
})
