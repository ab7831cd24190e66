import { describe, expect, it } from 'vitest'
import { unauthenticated } from '../../src/auth/index.ts'
import { port } from '../../src/lib/symbols.ts'
import type { Source } from '../../src/ports/provider.ts'
import { esputnik } from '../../src/providers/esputnik/index.ts'
import { mailjet } from '../../src/providers/mailjet/index.ts'
import { momentum } from '../../src/providers/momentum/index.ts'
import type { AnyEvent } from '../../src/types.ts'

const auth = unauthenticated()

/** The fingerprints of an element, through the reader of its provider; that of the recipe of now. */
const of = (source: Source<AnyEvent>, element: object): string | null => allOf(source, element)[0] ?? null

function allOf(source: Source<AnyEvent>, element: object): readonly string[] {
  const { provider } = source[port]
  const reading = provider.read(structuredClone(element))
  if ('unreadable' in reading) throw new Error(reading.unreadable)
  return provider.fingerprints?.(reading) ?? []
}

const clicked = {
  type: 'click',
  message_id: '000443ee14578172be22',
  rcpt_to: 'jo@shop.example',
  timestamp: '1460989507',
  target_link_url: 'https://shop.example/',
  ip_address: '203.0.113.7',
}
const opened = {
  event: 'open',
  time: 1433103519,
  MessageID: 19421777396190490,
  email: 'jo@shop.example',
  ip: '203.0.113.7',
}
const followed = {
  activityStatus: 'CLICKED',
  activityDateTime: '2023-09-14T08:30:03',
  iid: '99D591AB-E7A5-49ED-8E16-B3023378FC18',
  contactId: 1967597908,
  clickEventLink: 'https://shop.example/promo/',
}

interface Case {
  readonly name: string
  readonly version: number
  readonly source: Source<AnyEvent>
  readonly element: object
  /** The same event, written otherwise. */
  readonly same: object
  readonly others: object[]
  readonly poor: object[]
}

const cases: Case[] = [
  {
    name: 'momentum',
    version: 2,
    source: momentum({ auth }),
    element: clicked,
    same: { ...clicked, rcpt_meta: { a: 1 }, message_id: '000443ee14578172be22' },
    others: [
      { type: 'open' },
      { message_id: '000443ee14578172be23' },
      { rcpt_to: 'li@shop.example' },
      { timestamp: '1460989508' },
      { target_link_url: 'https://shop.example/2' },
      { ip_address: '203.0.113.8' },
      { num_retries: '1' },
    ],
    poor: [{ message_id: undefined }, { message_id: '' }, { message_id: '0' }, { timestamp: undefined }],
  },
  {
    name: 'mailjet',
    version: 2,
    source: mailjet({ auth }),
    element: opened,
    same: { ...opened, CustomID: 'x', MessageID: '19421777396190490' },
    others: [{ event: 'click' }, { time: 1433103520 }, { MessageID: 7 }, { email: 'li@shop.example' }, { agent: 'x' }],
    poor: [{ MessageID: undefined }, { MessageID: 0 }, { time: undefined }, { time: '' }],
  },
  {
    name: 'esputnik',
    version: 1,
    source: esputnik({ auth, timeZone: 'UTC' }),
    element: followed,
    same: { ...followed, iid: followed.iid.toLowerCase(), contactId: '1967597908', messageName: 'x' },
    others: [
      { activityStatus: 'READ' },
      { activityDateTime: '2023-09-14T08:30:04' },
      { iid: 'b' },
      { contactId: 2 },
      { clickEventLink: 'https://shop.example/2' },
      { statusData: { subscription: { subscriptions: ['TABLETS'] } } },
    ],
    poor: [{ iid: undefined }, { iid: '' }, { activityDateTime: undefined }],
  },
]

describe.each(cases)('a $name event without an id', ({ name, version, source, element, same, others, poor }) => {
  it('is told by its fingerprint, which names its recipe and version first', () => {
    expect(JSON.parse(of(source, element) ?? '')[0]).toBe(`${name} ${version}`)
    expect(of(source, same)).toBe(of(source, element))
  })

  it.each(others)('is another one with %j', (change) => {
    expect(of(source, { ...element, ...change })).not.toBe(of(source, element))
  })

  it.each(poor)('has none with %j', (change) => {
    expect(of(source, { ...element, ...change })).toBeNull()
  })
})

describe('a relay_message', () => {
  const headers = [{ Received: 'from mail.example by relay.example' }, { 'Message-ID': '<1@mail.example>' }]
  const mail = { webhook_id: '7', rcpt_to: 'in@shop.example', msg_from: 'jo@mail.example', content: { headers } }
  const relayed = (message: object) => of(momentum({ auth }), { msys: { relay_message: message } })

  it('is told by its headers, or as a short message by text and date', () => {
    expect(relayed(mail)).toBe(relayed({ ...mail, friendly_from: 'Jo' }))
    expect(relayed(mail)).not.toBe(relayed({ ...mail, content: { headers: headers.slice(1) } }))
    const short = { protocol: 'smpp', webhook_id: '7', to: '1', from: '2', text: 'hi', date: '2016-10-01' }
    expect(relayed(short)).not.toBe(relayed({ ...short, text: 'ho' }))
  })

  it('has none without headers and date', () => {
    expect(relayed({ ...mail, content: {} })).toBeNull()
  })
})

describe.each([
  { name: 'momentum', source: momentum({ auth }), element: clicked, field: 'rcpt_to' },
  { name: 'mailjet', source: mailjet({ auth }), element: opened, field: 'email' },
])('the recipe of $name', ({ name, source, element, field }) => {
  const to = (address: unknown) => ({ ...element, [field]: address })

  it('takes every writing of an address as that address', () => {
    const writings = ['jo@shop.example', 'Jo@Shop.example', ' jo@shop.example ', '"jo"@shop.example']
    expect(new Set(writings.map((address) => of(source, to(address)))).size).toBe(1)
    expect(of(source, to('jo+1@shop.example'))).not.toBe(of(source, to('jo@shop.example')))
  })

  it('is followed by that of version 1, which had the address as sent', () => {
    const [, ...earlier] = allOf(source, to('Jo@Shop.example'))
    expect(earlier.map((text) => JSON.parse(text))).toEqual([expect.arrayContaining([`${name} 1`, 'Jo@Shop.example'])])
  })

  it.each([null, 7, []])('reads %j where the address belongs', (address) => {
    expect(of(source, to(address))).toContain(`${name} 2`)
  })
})

it('version 1 of Mailjet and of Momentum are what was stored, byte for byte', () => {
  expect(allOf(mailjet({ auth }), { ...opened, MessageID: '7' })[1]).toBe(
    '["mailjet 1","open","7","1433103519","jo@shop.example",null,"203.0.113.7",null,null]',
  )
  expect(allOf(momentum({ auth }), clicked)[1]).toBe(
    '["momentum 1","click","000443ee14578172be22","jo@shop.example",null,"1460989507",null,null,null,' +
      '"https://shop.example/","203.0.113.7",null]',
  )
})
