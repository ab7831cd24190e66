/** Cases that only some senders have. Private. */
import { randomUUID } from 'node:crypto'
import { sampleOf } from '../testing/sample.ts'
import type { ConformanceCase, Plan } from './case.ts'
import { accepted, headersOf, list } from './requests.ts'
import { element } from './senders.ts'

const MSYS = ['momentum', 'sparkpost'] as const

/** In every sample of the vendor (SparkPost API reference, samples endpoint), and on its test posts (SparkPost web UI, webhook test). */
const SAMPLE_ID = '92356927693813856'
const TEST_BATCH_ID = '77c2b630-d712-11e4-9642-efc2723b99c1'

/** The test button of Mailjet posts one bare object of each type in which everything is empty. */
const EMPTY = { email: '', mj_campaign_id: 0, mj_contact_id: 0, customcampaign: '', CustomID: '', Payload: '' }
const CLIENT = { ip: '', geo: '', agent: '' }
const UI_TESTS: Readonly<Record<string, object>> = {
  sent: { mj_message_id: '', smtp_reply: '' },
  open: CLIENT,
  click: { ...CLIENT, url: '' },
  bounce: { blocked: '', hard_bounce: '', error_related_to: '', error: '' },
  spam: { source: '' },
  blocked: { error_related_to: '', error: '' },
  unsub: { ...CLIENT, mj_list_id: '' },
}

function uiTest(event: string): string {
  const time = Math.floor(Date.now() / 1_000)
  return JSON.stringify({ event, time, MessageID: 0, ...EMPTY, ...UI_TESTS[event] })
}

const bare = (method: 'GET' | 'HEAD', headers: Plan['credential']) =>
  ({ method, headers, body: Buffer.alloc(0), manner: 'whole' }) as const

const sharing = (name: string) => sampleOf(name, { event_id: SAMPLE_ID }).text

export const OF_SENDERS: readonly ConformanceCase[] = [
  {
    id: 'test-post',
    title: 'the test post on creating a webhook is answered 200',
    why: 'Without the 200 the webhook is not created.',
    senders: MSYS,
    source: 'checks',
    steps: (plan) => [
      accepted(plan, '[{"msys":{}}]', '[{"msys":{}}]'),
      accepted(plan, '{"msys":{}}, as older senders have it', '{"msys":{}}'),
    ],
  },
  {
    id: 'sample-post',
    title: "the vendor's sample events under its fixed batch id are answered 200, every time",
    why: 'The test button posts them; whoever takes their one batch id and one event id for repeats must answer 200 all the same.',
    senders: MSYS,
    source: 'samples',
    steps: (plan) => {
      const headers = { ...headersOf(plan), 'X-MessageSystems-Batch-ID': TEST_BATCH_ID }
      const test = (name: string) => accepted(plan, `a sample ${name}`, list(sharing(name)), { headers })
      return ['momentum.delivery', 'momentum.click'].map(test)
    },
  },
  {
    id: 'shared-event-id',
    title: 'a batch whose events share one event_id is taken',
    why: 'All samples of the vendor do.',
    senders: MSYS,
    source: 'samples',
    steps: (plan) => [
      accepted(
        plan,
        'four classes of events with one event_id',
        list(
          ...['momentum.delivery', 'momentum.click', 'momentum.list_unsubscribe', 'momentum.generation_failure'].map(
            sharing,
          ),
        ),
      ),
    ],
  },
  {
    id: 'relay-message',
    title: 'a relay message, which has no type, no id and no time, is taken',
    why: 'Relay webhooks may share an address with event webhooks; code that asks for the type of every element fails.',
    senders: MSYS,
    source: 'SparkPost API reference, "Relay Webhooks"',
    steps: (plan) => [accepted(plan, 'a relay message', list(sampleOf('momentum.relay_message').text))],
  },
  {
    id: 'single-object',
    title: 'one bare object is taken',
    why: 'Without "group events" (version 1) every post is one object and no list.',
    senders: ['mailjet'],
    source: 'posts',
    steps: (plan) => [accepted(plan, 'one event that is in no list', element(plan.sender))],
  },
  {
    id: 'ui-test',
    title: 'the posts of the test button are taken',
    why: 'Their MessageID is 0 and their texts are empty; a strict schema refuses them.',
    senders: ['mailjet'],
    source: 'Mailjet, test button of "Event tracking", as it posted in 2022',
    steps: (plan) => Object.keys(UI_TESTS).map((event) => accepted(plan, `the test of ${event}`, uiTest(event))),
  },
  {
    id: 'address-check',
    title: 'the GET on saving the address is answered 200, with a credential or without',
    why: 'An address that fails the check cannot be saved; whether the check carries the credential is not documented.',
    senders: ['esputnik'],
    source: 'checks',
    steps: ({ credential }) => [
      { what: 'GET', request: bare('GET', credential), allowed: [200] },
      { what: 'GET without a credential', request: bare('GET', {}), allowed: [200] },
      { what: 'HEAD', request: bare('HEAD', credential), allowed: [200] },
    ],
  },
  {
    id: 'late-bounce',
    title: 'UNDELIVERED after DELIVERED of the same message is taken',
    why: 'A delivery is not final: a bounce may come seconds later, in the same batch or the next.',
    senders: ['esputnik'],
    source: 'fields',
    steps: (plan) => {
      const iid = randomUUID()
      const [delivered, bounced] = ['esputnik.delivered', 'esputnik.undelivered'].map(
        (name) => sampleOf(name, { iid }).text,
      )
      return [
        accepted(plan, 'both in one batch', list(`${delivered}`, `${bounced}`)),
        accepted(plan, 'the bounce alone', list(`${bounced}`)),
      ]
    },
  },
]
