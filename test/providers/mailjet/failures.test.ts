import { describe, expect, it } from 'vitest'
import { mailjet } from '../../../src/providers/mailjet/index.ts'
import { mailjetSamples, mailjetWire } from '../../../src/providers/mailjet/samples.ts'
import type { Bounce, EventDetails } from '../../../src/types.ts'
import { auth, reading } from '../support.ts'

const source = mailjet({ auth })
const without = { blocked: '', hard_bounce: '', comment: undefined }

function bounce(fields: object) {
  const read = reading(source, mailjetWire({ ...mailjetSamples['mailjet.bounce'].bounced, ...fields }))
  const details = read.details as EventDetails['bounced']
  return { type: read.type, effect: read.effect, ...details }
}

function blocked(fields: object) {
  const read = reading(source, mailjetWire({ ...mailjetSamples['mailjet.blocked'].rejected, ...fields }))
  expect(read.type).toBe('rejected')
  return { effect: read.effect, ...(read.details as EventDetails['rejected']).bounce }
}

/**
 * The table of Mailjet's Event API guide: category and error; kind and effect of a bounce without the flag, with
 * hard_bounce false, with hard_bounce true; kind and effect of a blocked event.
 */
type Outcome = `${Bounce['kind']} ${'suppress' | 'none'}`
const TABLE: ReadonlyArray<readonly [string, string, Outcome, Outcome, Outcome, Outcome]> = [
  ['recipient', 'user unknown', 'hard suppress', 'soft none', 'hard suppress', 'hard suppress'],
  ['recipient', 'mailbox inactive', 'soft none', 'soft none', 'hard suppress', 'soft suppress'],
  ['recipient', 'quota exceeded', 'soft none', 'soft none', 'hard suppress', 'soft none'],
  ['recipient', 'blacklisted', 'block suppress', 'block suppress', 'hard suppress', 'block suppress'],
  ['recipient', 'spam reporter', 'block suppress', 'block suppress', 'hard suppress', 'block suppress'],
  ['domain', 'invalid domain', 'hard suppress', 'soft none', 'hard suppress', 'hard suppress'],
  ['domain', 'no mail host', 'hard none', 'soft none', 'hard suppress', 'hard none'],
  ['domain', 'relay/access denied', 'block none', 'block none', 'hard suppress', 'block none'],
  ['domain', 'greylisted', 'soft none', 'soft none', 'hard suppress', 'soft none'],
  ['domain', 'typofix', 'hard suppress', 'soft none', 'hard suppress', 'hard suppress'],
  ['content', 'bad or empty template', 'admin none', 'admin none', 'hard none', 'admin none'],
  ['content', 'error in template language', 'admin none', 'admin none', 'hard none', 'admin none'],
  ['spam', 'sender blocked', 'block none', 'block none', 'hard none', 'block none'],
  ['spam', 'content blocked', 'block none', 'block none', 'hard none', 'block none'],
  ['spam', 'policy issue', 'block none', 'block none', 'hard suppress', 'block none'],
  ['system', 'system issue', 'soft none', 'soft none', 'hard none', 'soft none'],
  ['system', 'protocol issue', 'soft none', 'soft none', 'hard none', 'soft none'],
  ['system', 'connection issue', 'soft none', 'soft none', 'hard none', 'soft none'],
  ['mailjet', 'preblocked', 'block suppress', 'block suppress', 'hard suppress', 'block suppress'],
  ['mailjet', 'spam preblocked', 'block suppress', 'block suppress', 'hard suppress', 'block suppress'],
  ['mailjet', 'duplicate in campaign', 'admin none', 'admin none', 'hard none', 'admin none'],
  // Not in the table: the category decides, then the flag.
  ['content', 'new in 2030', 'admin none', 'admin none', 'hard none', 'admin none'],
  ['spam', 'new in 2030', 'block none', 'block none', 'hard none', 'block none'],
  ['system', 'new in 2030', 'soft none', 'soft none', 'hard none', 'soft none'],
  ['mailjet', 'new in 2030', 'admin none', 'admin none', 'hard none', 'admin none'],
  ['recipient', 'new in 2030', 'undetermined none', 'soft none', 'hard suppress', 'undetermined none'],
  ['domain', 'new in 2030', 'undetermined none', 'soft none', 'hard suppress', 'undetermined none'],
  ['', '', 'undetermined none', 'soft none', 'hard suppress', 'undetermined none'],
]

describe.each(TABLE)('%s: %s', (error_related_to, error, unflagged, soft, hard, rejected) => {
  const outcome = (hard_bounce: unknown, fields: object = { error_related_to, error }): string => {
    const read = bounce({ ...without, hard_bounce, ...fields })
    return `${read.bounce.kind} ${read.effect}`
  }

  it('bounces as the flag says, or as the text does', () => {
    expect([outcome(''), outcome(false), outcome(true)]).toEqual([unflagged, soft, hard])
  })

  it('is rejected as the text says', () => {
    const read = blocked({ error_related_to, error })
    expect(`${read.kind} ${read.effect}`).toBe(rejected)
  })

  if (error === '' || error === 'new in 2030') return
  it('reads the text in the field of the category, and in any case', () => {
    const text = ` ${error.toUpperCase()} `
    const moved = { error_related_to: text, error: '' }
    expect([outcome('', moved), outcome(false, moved), outcome(true, moved)]).toEqual([unflagged, soft, hard])
  })
})

describe('bounce', () => {
  it('has the words of the sender and the codes of the comment', () => {
    expect(bounce({})).toEqual({
      type: 'bounced',
      effect: 'suppress',
      bounce: {
        kind: 'hard',
        class: 'user unknown',
        reason: '550 5.1.1 <jo@shop.example>: Recipient address rejected: User unknown',
        alreadySuppressed: true,
      },
      smtp: {
        code: 550,
        enhanced: '5.1.1',
        text: '550 5.1.1 <jo@shop.example>: Recipient address rejected: User unknown',
      },
    })
  })

  it('gives the cause as reason when there is no comment', () => {
    expect(bounce({ comment: undefined })).toMatchObject({ bounce: { reason: 'user unknown' }, smtp: null })
    expect(bounce({ comment: '', error: '', error_related_to: 'policy issue' })).toMatchObject({
      bounce: { class: 'policy issue', reason: 'policy issue' },
    })
    expect(bounce({ ...without, error: '', error_related_to: '' })).toMatchObject({
      bounce: { class: null, reason: null },
    })
  })

  it('does not take the message of a resolver for an SMTP reply', () => {
    const comment = 'Host or domain name not found. Name service error for name=nowhere.example type=A'
    expect(bounce({ comment })).toMatchObject({ bounce: { reason: comment }, smtp: null })
  })

  it.each([
    [true, 'user unknown', true],
    [false, 'user unknown', false],
    ['', 'user unknown', null],
    [undefined, 'preblocked', true],
  ])('with blocked %j for %s says alreadySuppressed %s', (flag, error, expected) => {
    expect(bounce({ blocked: flag, error }).bounce.alreadySuppressed).toBe(expected)
  })

  it('is deferred by a greylisting, wherever the word stands, blocked or not', () => {
    for (const words of [{ error: 'greylisted' }, { error: '', error_related_to: 'Greylisted' }])
      for (const hard_bounce of [false, ''])
        expect(bounce({ blocked: true, ...words, hard_bounce })).toMatchObject({
          type: 'deferred',
          effect: 'none',
          bounce: { kind: 'soft', alreadySuppressed: true },
        })
  })

  it('is final in spite of a greylisting when it is hard', () => {
    expect(bounce({ error: 'greylisted', hard_bounce: true })).toMatchObject({
      type: 'bounced',
      effect: 'suppress',
      bounce: { kind: 'hard' },
    })
  })
})

describe('blocked', () => {
  it('says alreadySuppressed only for the block lists', () => {
    for (const error of ['preblocked', 'blacklisted', 'spam reporter'])
      expect(blocked({ error }).alreadySuppressed).toBe(true)
    for (const error of ['user unknown', 'duplicate in campaign', ''])
      expect(blocked({ error }).alreadySuppressed).toBeNull()
  })

  it('has the cause as class and reason', () => {
    expect(blocked({ error: 'duplicate in campaign' })).toMatchObject({
      class: 'duplicate in campaign',
      reason: 'duplicate in campaign',
    })
  })
})
