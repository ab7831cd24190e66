/** The channel a message goes by, and its address there. */
import type { Message } from '../kit/message.ts'

export type MediaType = 'email' | 'sms' | 'viber' | 'mobilepush' | 'webpush'

/** The examples print `email`, `sms` and `viber`; the words of the push channels are not published. */
const MEDIA: readonly [MediaType, ...MediaType[]] = [
  'email',
  'email',
  'email',
  'email',
  'email',
  'email',
  'sms',
  'viber',
  'mobilepush',
  'webpush',
]

export const mediumOf = ({ random }: Message): MediaType => random.fork(3).pick(MEDIA)

/** The only published Viber example has the number in `sms`. */
export function addressFields(message: Message): object {
  const number = `380${String(440_000_000 + message.number)}`
  switch (mediumOf(message)) {
    case 'email':
      return { email: message.address }
    case 'sms':
    case 'viber':
      return { sms: number }
    case 'mobilepush':
      return { mobilepush: message.random.fork(4).hex(40), osType: 'ANDROID' }
    case 'webpush':
      return { webpush: message.random.fork(4).hex(40) }
  }
}
