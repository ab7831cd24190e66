/** eSputnik activities with every field a current one has; values of our own. */

import { type Fields, type Samples, toWire } from '../kit/samples.ts'
import { ids } from './validate.generated.ts'

function common(activityStatus: string): Fields {
  return {
    workflowId: '340512',
    workflowBlockId: '_05cae26d9ae85e1eb40ed34765f9c7be',
    workflowInstanceId: '3f2504e0-4f89-11ee-9d24-7ec2059b5114',
    sourceEventId: '771204983',
    sourceEventKey: 'order-4711',
    sourceEventTypeKey: 'orderCreated',
    iid: '9B2D7E14-6C1F-4C4E-9E0A-0D4A5B1F7A33',
    contactId: '1967500001',
    externalCustomerId: 'customer-17',
    mediaType: 'email',
    activityStatus,
    activityDateTime: '2026-05-28T23:26:40',
    statusData: {},
  }
}

const message = {
  messageId: '2489301',
  messageInstanceId: '4702519',
  messageName: 'Order confirmation',
  messageTag: 'orders,confirmation',
  messageLanguageCode: 'uk',
  from: 'Shop',
}

const mail = { ...message, email: 'jo@shop.example', viewMessageLink: 'https://view.shop.example/J9o6EvyAKGmB' }

export const esputnikSamples = {
  'esputnik.sent': {
    sent: {
      ...common('SENT'),
      ...message,
      mediaType: 'Mobile Push',
      mobilepush: 'fcm-token-1',
      osType: 'phone',
      osName: 'Android',
    },
  },
  'esputnik.delivered': { delivered: { ...common('DELIVERED'), ...mail } },
  'esputnik.undelivered': {
    bounced: {
      ...common('UNDELIVERED'),
      ...mail,
      statusDescription: 'smtp;550 5.1.1 <jo@shop.example>: Recipient address rejected',
      hardBounce: false,
    },
  },
  'esputnik.read': { opened: { ...common('READ'), ...mail } },
  'esputnik.clicked': {
    clicked: { ...common('CLICKED'), ...mail, clickEventLink: 'https://shop.example/sale?item=7' },
  },
  'esputnik.unsubscribed': { unsubscribed: { ...common('UNSUBSCRIBED'), ...mail } },
  'esputnik.spam': { complained: { ...common('SPAM'), ...mail } },
  'esputnik.subscription_changed': {
    preferences_changed: {
      iid: '9b2d7e14-6c1f-4c4e-9e0a-0d4a5b1f7a33',
      contactId: '1967500001',
      activityStatus: 'SUBSCRIPTION_CHANGED',
      mediaType: 'email',
      activityDateTime: '2026-05-28T23:26:40',
      statusData: { subscription: { subscriptions: ['TABLETS', 'LAPTOPS'] } },
    },
  },
} as const satisfies Samples

/** The JSON text of an activity with these fields, as eSputnik writes it: identifiers are numbers. */
export function esputnikWire(fields: Fields): string {
  return toWire(fields, ids)
}
