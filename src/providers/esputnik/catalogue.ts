/** Every eSputnik activity we know by name (docs.yespo.io "Webhooks for Tracking Activity", June 2025). Plain data. */
import type { Catalogue } from '../kit/catalogue.ts'

export const catalogue = {
  'esputnik.sent': { schema: 'SENT', types: ['sent'], payload: 'EsputnikSent' },
  'esputnik.delivered': { schema: 'DELIVERED', types: ['delivered'], payload: 'EsputnikDelivered' },
  'esputnik.undelivered': { schema: 'UNDELIVERED', types: ['bounced'], payload: 'EsputnikUndelivered' },
  'esputnik.read': { schema: 'READ', types: ['opened'], payload: 'EsputnikRead' },
  'esputnik.clicked': { schema: 'CLICKED', types: ['clicked'], payload: 'EsputnikClicked' },
  'esputnik.unsubscribed': { schema: 'UNSUBSCRIBED', types: ['unsubscribed'], payload: 'EsputnikUnsubscribed' },
  'esputnik.spam': { schema: 'SPAM', types: ['complained'], payload: 'EsputnikSpam' },
  'esputnik.subscription_changed': {
    schema: 'SUBSCRIPTION_CHANGED',
    types: ['preferences_changed'],
    payload: 'EsputnikSubscriptionChanged',
  },
} as const satisfies Catalogue

/** The words of `activityStatus`. */
export type Status = (typeof catalogue)[keyof typeof catalogue]['schema']
