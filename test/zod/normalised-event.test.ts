import { describe, expect, it } from 'vitest'
import { sampleEvent } from '../../src/testing/index.ts'
import { normalisedEvent } from '../../src/zod/index.ts'
import { compile, KNOWN } from './support.ts'

type Name = Parameters<typeof sampleEvent>[0]

const drafts = [compile('event.json'), compile('draft-07/event.json')]
const written = (event: object) => JSON.parse(JSON.stringify(event))

describe('normalisedEvent', () => {
  it.each(KNOWN)('takes $name, as it is and as its JSON is parsed, and gives it back', ({ name }) => {
    const event = sampleEvent(name as Name)
    expect(normalisedEvent.parse(event)).toEqual(event)
    expect(normalisedEvent.parse(written(event))).toEqual(event)
    for (const draft of drafts) expect(draft(written(event)), JSON.stringify(draft.errors)).toBe(true)
  })

  it('refuses what is none', () => {
    const event = written(sampleEvent('momentum.bounce', {}, { as: 'bounced' }))
    const { bounce: _bounce, ...bare } = event
    const wrong = [
      {},
      event.payload,
      bare,
      { ...event, type: 'bonced' },
      { ...event, occurredAt: 'yesterday' },
      { ...event, id: null },
    ]
    for (const one of wrong) {
      expect(normalisedEvent.safeParse(one).success).toBe(false)
      expect(drafts.map((draft) => draft(one))).toEqual([false, false])
    }
  })

  it('refuses a date that is none, from an object or from text', () => {
    const event = sampleEvent('mailjet.open')
    for (const occurredAt of [new Date(Number.NaN), '2026-13-40T25:61:61Z'])
      expect(normalisedEvent.safeParse({ ...event, occurredAt }).success).toBe(false)
  })
})
