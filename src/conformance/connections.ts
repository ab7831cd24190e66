/** Cases of how a body comes, how often, and whether anybody waits for the answer. Private. */
import { randomUUID } from 'node:crypto'
import type { ConformanceCase, Plan } from './case.ts'
import { accepted, headersOf, list, post } from './requests.ts'
import { element, elements, recipient } from './senders.ts'

const event = ({ sender }: Plan) => list(element(sender))

export const CONNECTIONS: readonly ConformanceCase[] = [
  {
    id: 'repeat',
    title: 'the same batch again is answered 200',
    why: 'An answer can be lost. Whoever refuses the repeat gets it again.',
    source: 'answers',
    steps: (plan) => {
      const [body, headers] = [event(plan), headersOf(plan)]
      return ['a batch', 'the same batch', 'the same batch'].map((what) => accepted(plan, what, body, { headers }))
    },
  },
  {
    id: 'concurrent-repeats',
    title: 'the same batch at the same time is answered 200, or 503 and then 200',
    why: 'A sender that gave up waiting sends again while the first post is still being worked on.',
    source: 'answers',
    steps: (plan) => {
      const request = post(plan, event(plan))
      return [
        { what: 'a batch five times at once', request, times: 5, allowed: [200, 503] },
        { what: 'the same batch', request, allowed: [200] },
      ]
    },
  },
  {
    id: 'event-in-two-batches',
    title: 'an event that was in another batch is answered 200',
    why: 'A batch is made anew when one of several nodes fails; its known events are no reason to refuse it.',
    source: 'posts',
    steps: (plan) => {
      const shared = element(plan.sender)
      return [
        accepted(plan, 'an event', list(shared)),
        accepted(plan, 'the event again, beside another', list(shared, element(plan.sender))),
      ]
    },
  },
  {
    id: 'batch-id-again',
    title: 'another body under a known batch id is answered 200',
    why: 'Nothing promises that an id is used once, and a refusal repeats the batch.',
    senders: ['momentum', 'sparkpost'],
    source: 'posts',
    steps: (plan) => {
      const headers = { ...headersOf(plan), 'X-MessageSystems-Batch-ID': randomUUID() }
      return [
        accepted(plan, 'a batch', event(plan), { headers }),
        accepted(plan, 'another body with its id', event(plan), { headers }),
      ]
    },
  },
  {
    id: 'cut-body',
    title: 'a batch that was cut off is taken when it comes whole',
    why: 'The half of it was never acknowledged, so the sender repeats it; what was kept of the half must not stand in the way.',
    source: 'answers',
    steps: (plan) => {
      const [body, headers] = [list(...elements(plan.sender, 20)), headersOf(plan)]
      const half = post(plan, body, { headers, manner: 'cut' })
      return [
        { what: 'half of a batch, then the end of the connection', request: half, allowed: null },
        accepted(plan, 'the whole batch', body, { headers }),
      ]
    },
  },
  {
    id: 'sender-leaves',
    title: 'a batch whose sender left before the answer is taken again',
    why: 'A sender that waited too long hangs up and repeats the batch.',
    source: 'answers',
    steps: (plan) => {
      const [body, headers] = [list(...elements(plan.sender, 20)), headersOf(plan)]
      const left = post(plan, body, { headers, manner: 'leave' })
      return [
        { what: 'a batch, then the end of the connection', request: left, allowed: null },
        accepted(plan, 'the same batch', body, { headers }),
      ]
    },
  },
  {
    id: 'too-large',
    title: 'a length beyond every limit is answered 413 at once',
    why: 'Whoever waits for a tebibyte, or begins to gather it, can be stopped by one request.',
    source: 'RFC 9110, section 15.5.14',
    steps: (plan) => [
      { what: 'Content-Length: 1 TiB', request: post(plan, event(plan), { manner: 'announce' }), allowed: [413] },
      accepted(plan, 'an event', event(plan)),
    ],
  },
  {
    id: 'slow-body',
    title: 'a body that dribbles is answered 408',
    why: 'Connections that send a byte now and then use a receiver up.',
    source: 'RFC 9110, section 15.5.9',
    steps: (plan) => [
      {
        what: 'a byte every 100 ms',
        request: post(plan, list(...elements(plan.sender, 20)), { manner: 'dribble' }),
        allowed: [408],
      },
    ],
  },
  {
    id: 'killed-before-answer',
    title: 'a batch that the receiver did not live to answer is taken after the restart',
    why: 'The sender saw a connection break and repeats the batch; what was kept of it must not stand in the way.',
    needs: 'restart',
    source: 'answers',
    steps: (plan) => {
      const marker = randomUUID()
      const fields = recipient(plan.sender, `conformance-${marker}@example.com`)
      const [body, headers] = [list(element(plan.sender, fields)), headersOf(plan)]
      const left = post(plan, body, { headers, manner: 'leave' })
      return [
        { what: 'a batch, then the end of the connection', request: left, allowed: null },
        // Nobody was told that the batch is kept, so nothing of it need be found.
        { what: 'a restart', restart: { marker: '' } },
        accepted(plan, 'the same batch', body, { headers }),
      ]
    },
  },
  {
    id: 'killed-after-answer',
    title: 'what was answered 200 is handled although the receiver is killed',
    why: 'A sender never sends again what was answered 200. The command for the restart ends with 0 only when the events with the marker are found.',
    needs: 'restart',
    source: 'answers',
    steps: (plan) => {
      const marker = randomUUID()
      const fields = recipient(plan.sender, `conformance-${marker}@example.com`)
      return [
        accepted(plan, '20 events', list(...elements(plan.sender, 20, fields))),
        { what: 'a restart', restart: { marker } },
      ]
    },
  },
]
