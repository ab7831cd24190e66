import { describe, expect, it } from 'vitest'
import { smtpReply } from '../../../src/providers/kit/smtp-reply.ts'

const codesIn = (text: string) => {
  const reply = smtpReply(text)
  return reply && [reply.code, reply.enhanced]
}

describe('smtpReply', () => {
  it('keeps the text as given', () => {
    expect(smtpReply('250 2.0.0 Ok')).toEqual({ code: 250, enhanced: '2.0.0', text: '250 2.0.0 Ok' })
  })

  it.each([
    ['250 2.0.0 OK 1433333948 fa5si855896wjc.199 - gsmtp', 250, '2.0.0'],
    ['550-5.1.1 The account does not exist', 550, '5.1.1'],
    ['550 #5.1.0 Address rejected', 550, '5.1.0'],
    ['host mx.shop.example[203.0.113.9] said: 554 5.7.1 Refused (in reply to DATA)', 554, '5.7.1'],
    ['host mx.shop.example[203.0.113.9] said: 554 Refused', 554, null],
    ['smtp;554 5.7.1 Spam message rejected', 554, '5.7.1'],
    ['smtp; 452 try again', 452, null],
    ['421', 421, null],
    ['5.1.2 (bad destination system: no such domain)', null, '5.1.2'],
    ['dsn=4.4.7, status=deferred', null, '4.4.7'],
    ['550 4.4.7 QUEUE.Expired', 550, '4.4.7'],
  ])('finds the codes in %j', (text, code, enhanced) => {
    expect(codesIn(text)).toEqual([code, enhanced])
  })

  it.each([
    'Host or domain name not found. Name service error',
    '401: null',
    'IM_NO_MONEY',
    'connect to 5.1.1.9 refused',
    'connect to [5.1.1.9]:25 refused',
    'ESMTP Postfix 2.5.1 gone',
    'Exim 4.94.2',
    '5501 5.1.1',
    '1550 5.1.19.4',
    '',
  ])('finds none in %j', (text) => {
    expect(smtpReply(text)).toBeNull()
  })

  it('gives null for no text', () => {
    expect(smtpReply(null)).toBeNull()
  })
})
