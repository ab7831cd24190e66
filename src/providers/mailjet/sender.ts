/** Mailjet, for the list of senders. Private. */
import { beyond2to60, compactTime, unixSeconds, uuid } from '../kit/fresh.ts'
import type { Fields } from '../kit/samples.ts'
import { toWire } from '../kit/samples.ts'
import { type Sender, withUnknown } from '../kit/sender.ts'
import { catalogue } from './catalogue.ts'
import { type MailjetEvent, mailjet, mailjetParse } from './index.ts'
import type { MailjetParseEvent } from './parse.ts'
import { mailjetSamples, mailjetWire } from './samples.ts'
import { mailjetParseSamples } from './samples-parse.ts'

/** What has no member of its own among the other events. */
type ParsedMail = Extract<MailjetParseEvent, { name: 'mailjet.parse' }>

export const sender: Sender<MailjetEvent | ParsedMail> = {
  name: 'mailjet',
  title: 'Mailjet',
  catalogue,
  sources: { mailjet: (auth) => mailjet({ auth }) },
  samples: [
    {
      source: (auth) => mailjet({ auth }),
      samples: withUnknown('mailjet', mailjetSamples['mailjet.sent'].delivered, { event: 'sample' }, mailjetSamples),
      fresh: { time: unixSeconds, MessageID: beyond2to60, Message_GUID: uuid },
      wire: mailjetWire,
    },
    {
      source: (auth) => mailjetParse({ auth }),
      samples: mailjetParseSamples,
      fresh: { Date: compactTime, Headers: mailHeaders },
      isBare: true,
      wire: (fields) => toWire(fields, []),
    },
  ],
}

/** Of a mail of the Parse API, which has no other id. */
function mailHeaders(nowMs: number): Fields {
  const { Headers } = mailjetParseSamples['mailjet.parse'].inbound
  return { ...Headers, 'Message-ID': `<${uuid(nowMs)}@shop.example>` }
}
