import { describe, expect, it } from 'vitest'
import { esputnik } from '../../../src/providers/esputnik/index.ts'
import { auth, reading } from '../support.ts'

const source = esputnik({ auth })
const addresses = {
  email: 'jo@shop.example',
  sms: '380500000000',
  viber: '380500000001',
  webpush: 'w',
  mobilepush: 'm',
}
const read = (fields: object) => {
  const { channel, recipient } = reading(source, JSON.stringify({ activityStatus: 'DELIVERED', ...fields }))
  return { channel, recipient }
}

describe('mediaType', () => {
  it.each([
    ['email', 'email', 'jo@shop.example'],
    ['Email', 'email', 'jo@shop.example'],
    ['E-mail', 'email', 'jo@shop.example'],
    ['sms', 'sms', '380500000000'],
    ['SMS', 'sms', '380500000000'],
    ['viber', 'viber', '380500000001'],
    ['Web Push', 'push', 'w'],
    ['webpush', 'push', 'w'],
    ['WEB_PUSH', 'push', 'w'],
    ['Mobile Push', 'push', 'm'],
    ['mobile-push', 'push', 'm'],
    ['MobPush', 'push', 'm'],
    ['push', 'push', 'm'],
    ['Widget', 'web', null],
    ['In-App', 'web', null],
    ['AppInbox', 'web', null],
    ['Telegram', 'other', null],
    ['constructor', 'other', null],
  ])('%s is %s', (mediaType, channel, recipient) => {
    expect(read({ mediaType, ...addresses })).toEqual({ channel, recipient })
  })

  it('viber falls back to the number in sms, as in the published example', () => {
    expect(read({ mediaType: 'viber', sms: '380500000000' })).toEqual({ channel: 'viber', recipient: '380500000000' })
    expect(read({ mediaType: 'viber', viber: '', sms: '380500000000' }).recipient).toBe('380500000000')
  })

  it('email takes no other address', () => {
    expect(read({ mediaType: 'email', sms: '380500000000' })).toEqual({ channel: 'email', recipient: null })
  })

  it('reads a number that came as one', () => {
    expect(read({ mediaType: 'sms', sms: 380500000000 }).recipient).toBe('380500000000')
  })
})

describe('without mediaType', () => {
  it.each([
    [{ ...addresses }, 'email', 'jo@shop.example'],
    [{ email: '', sms: '380500000000' }, 'sms', '380500000000'],
    [{ viber: '380500000001' }, 'viber', '380500000001'],
    [{ webpush: 'w' }, 'push', 'w'],
    [{}, 'other', null],
  ])('%j is of the channel of its address', (fields, channel, recipient) => {
    expect(read(fields)).toEqual({ channel, recipient })
  })
})
