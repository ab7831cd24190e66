/** Every Mailjet event we know by name (Event API guide, list of event types, March 2023). Plain data. */
import type { Catalogue } from '../kit/catalogue.ts'

export const catalogue = {
  // Mailjet says "sent" when the destination has accepted the message; it has no other event for a delivery.
  'mailjet.sent': { schema: 'sent', types: ['delivered'], payload: 'MailjetSent' },
  'mailjet.open': { schema: 'open', types: ['opened'], payload: 'MailjetOpen' },
  'mailjet.click': { schema: 'click', types: ['clicked'], payload: 'MailjetClick' },
  'mailjet.bounce': { schema: 'bounce', types: ['bounced', 'deferred'], payload: 'MailjetBounce' },
  'mailjet.blocked': { schema: 'blocked', types: ['rejected'], payload: 'MailjetBlocked' },
  'mailjet.spam': { schema: 'spam', types: ['complained'], payload: 'MailjetSpam' },
  'mailjet.unsub': { schema: 'unsub', types: ['unsubscribed'], payload: 'MailjetUnsub' },
} as const satisfies Catalogue

/** The words of `event`. */
export type EventWord = (typeof catalogue)[keyof typeof catalogue]['schema']
