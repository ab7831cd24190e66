/** What happens to a message, as an event of Mailjet (Event API guide, March 2023). */
import type { Step } from '../kit/life-cycle.ts'
import type { Agent, Message } from '../kit/message.ts'
import type { EventType } from './event-types.ts'
import { bounceFields, causeOf } from './failures.ts'

export interface MailjetEvent {
  readonly type: EventType
  /** JSON, as it stands in a body. */
  readonly text: string
}

type Own = readonly [type: EventType, fields: object]

/** Null for what Mailjet has no event for. */
export function eventOf(step: Step): MailjetEvent | null {
  const own = ownFields(step)
  if (own === null) return null
  const [type, fields] = own
  const time = Math.floor((step.message.sentAtMs + step.afterMs) / 1_000)
  const rest = JSON.stringify({ ...commonFields(step.message), ...fields })
  const head = `{"event":"${type}","time":${time},"MessageID":${messageId(step.message)},`
  return { type, text: `${head}${rest.slice(1)}` }
}

/** JSON numbers beyond 2^53; those of consecutive recipients differ by 1, so that doubles confuse them. */
const messageId = ({ number }: Message): bigint => 1_152_921_531_826_433_107n + BigInt(number)

function commonFields({ rawAddress, number, campaign, metadata, random }: Message): object {
  return {
    Message_GUID: random.fork(2).uuid(),
    email: rawAddress,
    // Beyond 32 bits, both.
    mj_campaign_id: 7_653_742_672,
    mj_contact_id: 5_754_145_803 + number,
    customcampaign: campaign,
    CustomID: typeof metadata.customer === 'string' ? metadata.customer : '',
    // Always a text, whatever is in it.
    Payload: metadata.customer === undefined ? '' : JSON.stringify(metadata),
  }
}

function ownFields(step: Step): Own | null {
  switch (step.kind) {
    case 'injected':
      return null
    case 'rejected':
      return ['blocked', causeOf(step.failure)]
    case 'deferred':
      return ['bounce', bounceFields(step.failure, true)]
    case 'late_bounced':
      if (step.failure.kind === 'auto_reply') return null
      return ['bounce', bounceFields(step.failure, false)]
    case 'bounced':
      return ['bounce', bounceFields(step.failure, false)]
    case 'delivered':
      return ['sent', { smtp_reply: smtpReply(step.message) }]
    case 'opened':
      return ['open', visitFields(step.message, step.agent)]
    case 'clicked':
      return ['click', { url: step.link.url, ...visitFields(step.message, step.agent) }]
    case 'complained':
      return ['spam', { source: 'JMRPP' }]
    case 'unsubscribed':
      return ['unsub', { mj_list_id: 10_212_675, ...leavingFields(step.message, step.by) }]
  }
}

/** In parentheses, as bodies of 2015 have it, or plain, as those of 2023. */
function smtpReply({ number }: Message): string {
  const reply = `250 2.0.0 Ok: queued as ${(0x30f88223032 + number).toString(16).toUpperCase()}`
  return number % 2 === 0 ? reply : `sent (${reply})`
}

/** The country of a picture proxy is no country. */
function visitFields({ clientAddress, place }: Message, { name }: Agent): object {
  return { ip: clientAddress, geo: name.includes('GoogleImageProxy') ? 'EU' : place.country, agent: name }
}

/** An unsubscription by header comes from no browser (fixture of Symfony's Mailjet bridge). */
function leavingFields(message: Message, by: 'link' | 'header'): object {
  return by === 'link'
    ? visitFields(message, message.agent)
    : { ip: message.clientAddress, geo: '', agent: 'List-Unsubscribe' }
}
