/**
 * Activities as eSputnik (Yespo) posts them, with ids as numbers: about 650 bytes each. Contacts and the events that set
 * off a message are as many as activities; templates, workflows and campaigns are few ("Webhooks for Tracking Activity":
 * `messageInstanceId` is the same for all recipients).
 */
import type { Random } from './random.ts'
import { address, link } from './variety.ts'

const STATUSES = ['DELIVERED', 'DELIVERED', 'READ', 'READ', 'CLICKED', 'UNDELIVERED', 'UNSUBSCRIBED'] as const

export function esputnikElement(random: Random): string {
  const activityStatus = random.pick(STATUSES)
  const template = random.below(50)
  return JSON.stringify({
    workflowId: 340_484 + (template % 20),
    workflowBlockId: `_${random.hex(32)}`,
    sourceEventId: random.below(10 ** 9),
    sourceEventKey: `order-${random.below(10 ** 6)}`,
    sourceEventTypeKey: 'orderCreated',
    iid: `${random.hex(8)}-${random.hex(4)}-4${random.hex(3)}-a${random.hex(3)}-${random.hex(12)}`,
    contactId: random.below(2 ** 31),
    externalCustomerId: `customer-${random.below(10 ** 6)}`,
    mediaType: 'email',
    activityStatus,
    activityDateTime: `2026-05-28T23:26:${10 + random.below(50)}`,
    statusData: {},
    messageId: 2_489_300 + template,
    messageInstanceId: 4_702_518 + template,
    messageName: `Order confirmation ${template}`,
    messageTag: 'orders,confirmation',
    messageLanguageCode: random.pick(['uk', 'en', 'pl']),
    from: 'Shop',
    email: address(random),
    viewMessageLink: `https://view.shop.example/${random.hex(16)}`,
    ...(activityStatus === 'CLICKED' ? { clickEventLink: link(random) } : {}),
    ...(activityStatus === 'UNDELIVERED' ? { statusDescription: 'smtp;550 5.1.1 User unknown', hardBounce: true } : {}),
  })
}
