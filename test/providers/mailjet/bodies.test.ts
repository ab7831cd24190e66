import { describe, expect, it } from 'vitest'
import { port } from '../../../src/lib/symbols.ts'
import { mailjet } from '../../../src/providers/mailjet/index.ts'
import { auth, elementsOf, reading, sampleFiles } from '../support.ts'

const source = mailjet({ auth })

// The bodies of the test button, by the fields each event has there (2018 and 2022).
const common = '"time":1780000000,"MessageID":0,"email":"","mj_campaign_id":0,"mj_contact_id":0,"customcampaign":""'
const own = '"CustomID":"","Payload":""'
const client = '"ip":"","geo":"","agent":""'
const BUTTON = [
  ['sent', 'delivered', `{"event":"sent",${common},"mj_message_id":"","smtp_reply":"",${own}}`],
  ['open', 'opened', `{"event":"open",${common},${own},${client}}`],
  ['click', 'clicked', `{"event":"click",${common},${own},"url":"",${client}}`],
  [
    'bounce',
    'bounced',
    `{"event":"bounce",${common},${own},"blocked":"","hard_bounce":"","error_related_to":"","error":""}`,
  ],
  ['spam', 'complained', `{"event":"spam",${common},${own},"source":""}`],
  ['blocked', 'rejected', `{"event":"blocked",${common},${own},"error_related_to":"","error":""}`],
  ['unsub', 'unsubscribed', `{"event":"unsub",${common},${own},"mj_list_id":"",${client}}`],
] as const

describe('the test button', () => {
  it.each(BUTTON)('sends %s, which is %s and a test', (event, type, text) => {
    expect(reading(source, text)).toMatchObject({
      name: `mailjet.${event}`,
      type,
      isTest: true,
      recipient: null,
      messageId: null,
      occurredAt: 1_780_000_000_000,
    })
  })

  it('leaves nothing but null where a real event has something to say', () => {
    const [, , , bounce] = BUTTON
    expect(reading(source, bounce[2]).details).toEqual({
      bounce: { kind: 'undetermined', class: null, reason: null, alreadySuppressed: null },
      smtp: null,
    })
  })

  it('is known by both marks: an address or an id makes an event real', () => {
    const text = BUTTON[0][2]
    expect(reading(source, text.replace('"email":""', '"email":"jo@shop.example"')).isTest).toBe(false)
    expect(reading(source, text.replace('"MessageID":0', '"MessageID":7')).isTest).toBe(false)
    expect(reading(source, text.replace('"MessageID":0,', '')).isTest).toBe(false)
  })
})

describe('older bodies', () => {
  it('of 2015 have mj_message_id in the place of MessageID', () => {
    const text =
      '{"customcampaign":"test","email":"jo@shop.example","event":"sent","mj_campaign_id":483,"mj_contact_id":4,' +
      '"mj_message_id":"18858825588804173","smtp_reply":"sent (250 2.0.0 OK 1424873937 x - gsmtp)","time":1424873938}'
    expect(reading(source, text)).toMatchObject({
      name: 'mailjet.sent',
      messageId: '18858825588804173',
      isTest: false,
      details: { smtp: { code: 250 } },
    })
  })

  it('of 2012 have numbers as text and null for no campaign', () => {
    const text =
      '{"event":"open","time":"1340000000","email":"jo@shop.example","mj_campaign_id":"13","mj_contact_id":"4",' +
      '"customcampaign":null,"ip":"203.0.113.7","geo":"FR","agent":"Mozilla"}'
    expect(reading(source, text)).toMatchObject({
      name: 'mailjet.open',
      occurredAt: 1_340_000_000_000,
      messageId: null,
      payload: { mj_campaign_id: '13', customcampaign: null },
    })
  })
})

describe('published samples', () => {
  const files = sampleFiles('mailjet')?.filter(({ file }) => file.includes('event-api')) ?? []

  it.skipIf(files.length === 0)('of the Event API are all known (POSTHORN_SAMPLES)', () => {
    const results = files.flatMap(({ samples }) =>
      samples.flatMap(elementsOf).map((element) => source[port].provider.read(element)),
    )
    expect(results.length).toBeGreaterThan(10)
    for (const result of results) {
      expect(result).not.toHaveProperty('unreadable')
      expect(result).toMatchObject({ name: expect.not.stringMatching(/unknown/), recipient: expect.any(String) })
      expect(result).toMatchObject({ messageId: expect.stringMatching(/^\d{17,}$/), occurredAt: expect.any(Number) })
    }
  })
})
