/** What the demo posts: deliveries as each sender makes them, from our own samples. */
import { batchOf } from '../testing/batch.ts'
import { esputnikSamples, esputnikWire } from '../testing/samples/esputnik.ts'
import { mailjetSamples, mailjetWire } from '../testing/samples/mailjet.ts'
import { momentumSamples, momentumWire } from '../testing/samples/momentum.ts'

export interface Credentials {
  readonly token: string
  readonly password: string
  readonly key: string
}

export interface Traffic {
  readonly what: string
  readonly source: 'shop' | 'news' | 'crm'
  readonly method: 'POST' | 'GET'
  readonly headers: Record<string, string>
  readonly body: string
}

type Samples = Readonly<Record<string, Readonly<Record<string, object>>>>

/** One element of every name and type. */
const everyOf = (samples: Samples, wire: (name: never, fields: never) => string) =>
  Object.entries(samples).flatMap(([name, types]) => Object.values(types).map((f) => wire(name as never, f as never)))

export function traffic({ token, password, key }: Credentials): Traffic[] {
  const basic = `Basic ${Buffer.from(`mailjet:${password}`).toString('base64')}`
  const batch = (id: string) => ({ 'x-messagesystems-batch-id': id })
  const momentum = { 'content-type': 'application/json', 'x-messagesystems-webhook-token': token }
  const mailjet = { 'content-type': 'application/json', authorization: basic }
  const esputnik = { 'content-type': 'application/json', 'x-esputnik-key': key }
  const all = `[${everyOf(momentumSamples, momentumWire).join(',')}]`
  const single = mailjetWire({ ...mailjetSamples['mailjet.open'].opened, MessageID: '19421777396190490' })
  const broken = `[${esputnikWire(esputnikSamples['esputnik.read'].opened)},{"activityStatus": "READ",}]`
  return [
    {
      what: 'Momentum: the test post on saving',
      source: 'shop',
      method: 'POST',
      headers: momentum,
      body: '[{"msys":{}}]',
    },
    {
      what: 'Momentum: one event of every type',
      source: 'shop',
      method: 'POST',
      headers: { ...momentum, ...batch('b-1') },
      body: all,
    },
    {
      what: 'Momentum: a batch of 10 000 events',
      source: 'shop',
      method: 'POST',
      headers: { ...momentum, ...batch('b-2') },
      body: batchOf(10_000),
    },
    {
      what: 'Momentum: the first batch again',
      source: 'shop',
      method: 'POST',
      headers: { ...momentum, ...batch('b-1') },
      body: all,
    },
    { what: 'Mailjet: one bare event', source: 'news', method: 'POST', headers: mailjet, body: single },
    {
      what: 'Mailjet: grouped events',
      source: 'news',
      method: 'POST',
      headers: mailjet,
      body: `[${everyOf(mailjetSamples, (_, fields) => mailjetWire(fields)).join(',')}]`,
    },
    { what: 'eSputnik: the GET check on saving', source: 'crm', method: 'GET', headers: {}, body: '' },
    {
      what: 'eSputnik: activities',
      source: 'crm',
      method: 'POST',
      headers: esputnik,
      body: `[${everyOf(esputnikSamples, (_, fields) => esputnikWire(fields)).join(',')}]`,
    },
    {
      what: 'somebody with a wrong token',
      source: 'shop',
      method: 'POST',
      headers: { ...momentum, 'x-messagesystems-webhook-token': 'guess' },
      body: all,
    },
    { what: 'eSputnik: one element is not JSON', source: 'crm', method: 'POST', headers: esputnik, body: broken },
  ]
}
