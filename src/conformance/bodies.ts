/** Cases of what is in a body. Private. */
import { gzipSync } from 'node:zlib'
import type { ConformanceCase, Plan } from './case.ts'
import { accepted, headersOf, list, post } from './requests.ts'
import { element, elements, everyElement, recipient, unknownElement } from './senders.ts'

const broken = ({ sender }: Plan) => [list(element(sender)).slice(0, -2), `[${element(sender)},]`, 'not JSON']

export const BODIES: readonly ConformanceCase[] = [
  {
    id: 'valid-batch',
    title: 'a batch with an event of every type is taken',
    why: 'A batch mixes types; whatever is not answered 200 comes again, all of it.',
    source: 'posts',
    steps: (plan) => [accepted(plan, 'one event of every type', list(...everyElement(plan.sender)))],
  },
  {
    id: 'single-event',
    title: 'a list of one event is taken',
    why: 'On a quiet day a batch holds one event.',
    source: 'posts',
    steps: (plan) => [accepted(plan, 'a list of one event', list(element(plan.sender)))],
  },
  {
    id: 'empty-batch',
    title: 'an empty list is taken',
    why: 'There is nothing in it to refuse, and a refused post comes again.',
    source: 'answers',
    steps: (plan) => [accepted(plan, 'an empty list', '[]')],
  },
  {
    id: 'large-batch',
    title: 'a large batch is answered in time',
    why: 'A limit for bodies such as the 100 kB of many frameworks, or work before the answer, makes the sender repeat its largest batches until it gives up. Momentum sends up to 10 000 events and waits 6 s, SparkPost waits 10 s.',
    source: 'posts',
    steps: (plan) => {
      const { largest } = plan.sender
      return [accepted(plan, `${largest} events in one body`, list(...elements(plan.sender, largest)))]
    },
  },
  {
    id: 'unknown-type',
    title: 'an event of a type that no document names is taken',
    why: 'Senders add types without notice; a refusal stops the known events of the batch too.',
    source: 'fields',
    steps: (plan) => [
      accepted(plan, 'a known and an unknown event', list(element(plan.sender), unknownElement(plan.sender))),
    ],
  },
  {
    id: 'unknown-field',
    title: 'an event with a field that no document names is taken',
    why: 'Senders add fields without notice.',
    source: 'fields',
    steps: (plan) => [
      accepted(
        plan,
        'an event with one more field',
        list(element(plan.sender, { field_of_tomorrow: { a: [1, null] } })),
      ),
    ],
  },
  {
    id: 'stray-element',
    title: 'one element that is no event does not refuse the batch',
    why: 'There is no answer for a part of a batch: a refusal makes the good events come again, and the bad one with them.',
    source: 'answers',
    steps: (plan) => [
      accepted(
        plan,
        'two events, and between them 7, null, a text and a list',
        list(element(plan.sender), '7', 'null', '"text"', '[]', element(plan.sender)),
      ),
    ],
  },
  {
    id: 'broken-json',
    title: 'a body that is no JSON is settled, and what comes after it is taken',
    why: 'The same bytes come again until the sender gives up, and eSputnik sends nothing else before: keep them, and answer 200. A 400 is a policy too, but for eSputnik.',
    source: 'answers',
    steps: (plan) => [
      ...broken(plan).map((body, n) => ({
        what: ['a body cut short', 'a trailing comma', 'plain words'][n] ?? 'a broken body',
        request: post(plan, body),
        allowed: plan.sender.forBrokenJson,
      })),
      accepted(plan, 'an event', list(element(plan.sender))),
    ],
  },
  {
    id: 'big-integers',
    title: 'identifiers beyond 2^53 are taken',
    why: 'They are 64-bit numbers or long texts of digits; a parser of doubles must not refuse them.',
    source: 'fields',
    steps: (plan) => {
      const digits = '1152921540137429011'
      const fields = {
        momentum: { message_id: digits },
        mailjet: { MessageID: digits },
        esputnik: { contactId: digits },
      }
      return [
        accepted(plan, `an event with the id ${digits}`, list(element(plan.sender, fields[plan.sender.provider]))),
      ]
    },
  },
  {
    id: 'split-characters',
    title: 'a character that is split between two chunks is taken',
    why: 'Chunks end anywhere, in the middle of a character too.',
    source: 'RFC 9112, section 7.1',
    steps: (plan) => [
      accepted(
        plan,
        'an event with letters beyond ASCII, each byte in a chunk of its own',
        list(element(plan.sender, recipient(plan.sender, 'спасибі-🐎@example.com'))),
        { manner: 'chunked' },
      ),
    ],
  },
  {
    id: 'content-type',
    title: 'the Content-Type decides nothing but, at most, a 415',
    why: 'Mailjet and eSputnik document none; a parameter is allowed everywhere, and a framework that parses by it would see an empty body.',
    source: 'RFC 9110, section 8.3',
    steps: (plan) => {
      const body = list(element(plan.sender))
      const { 'Content-Type': _, ...bare } = headersOf(plan)
      const typed = (value: string) => ({ headers: { ...bare, 'Content-Type': value } })
      return [
        accepted(plan, 'application/json; charset=utf-8', body, typed('application/json; charset=utf-8')),
        { what: 'no Content-Type', request: post(plan, body, { headers: bare }), allowed: [200, 415] },
        { what: 'text/plain', request: post(plan, body, typed('text/plain')), allowed: [200, 415] },
      ]
    },
  },
  {
    id: 'gzip',
    title: 'a gzip body is taken, or refused as such',
    why: 'No sender documents it, proxies may do it; a parser that takes the bytes for JSON answers anything.',
    source: 'RFC 9110, section 8.4',
    steps: (plan) => {
      const headers = { ...headersOf(plan), 'Content-Encoding': 'gzip' }
      const body = gzipSync(list(element(plan.sender)))
      return [{ what: 'an event, gzip', request: post(plan, body, { headers }), allowed: [200, 415] }]
    },
  },
  {
    id: 'clock-skew',
    title: 'events out of order, of long ago and of tomorrow are taken',
    why: 'No sender promises an order, retries are hours old, and clocks differ.',
    source: 'answers',
    steps: (plan) => {
      const { sender } = plan
      const at = (seconds: number) => element(sender, timeOf(sender.provider, seconds))
      const now = Math.floor(Date.now() / 1_000)
      return [
        accepted(
          plan,
          'events of now, 2016, tomorrow and an hour ago',
          list(...[now, 1_460_000_000, now + 86_400, now - 3_600].map(at)),
        ),
      ]
    },
  },
]

function timeOf(provider: Plan['sender']['provider'], seconds: number) {
  if (provider === 'momentum') return { timestamp: String(seconds) }
  if (provider === 'mailjet') return { time: seconds }
  return { activityDateTime: new Date(seconds * 1_000).toISOString().slice(0, 19) }
}
