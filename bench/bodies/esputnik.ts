/** Activities as eSputnik (Yespo) posts them, with ids as numbers: about 650 bytes each. */
import type { Random } from './random.ts'
import { address, link } from './variety.ts'

const STATUSES = ['DELIVERED', 'DELIVERED', 'READ', 'READ', 'CLICKED', 'UNDELIVERED', 'UNSUBSCRIBED'] as const

export function esputnikElement(random: Random): string {
  const activityStatus = random.pick(STATUSES)
  return JSON.stringify({
    workflowId: random.below(1_000_000),
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
    messageId: random.below(10 ** 7),
    messageInstanceId: random.below(10 ** 7),
    messageName: `Order confirmation ${random.below(50)}`,
    messageTag: 'orders,confirmation',
    messageLanguageCode: random.pick(['uk', 'en', 'pl']),
    from: 'Shop',
    email: address(random),
    viewMessageLink: `https://view.shop.example/${random.hex(16)}`,
    ...(activityStatus === 'CLICKED' ? { clickEventLink: link(random) } : {}),
    ...(activityStatus === 'UNDELIVERED' ? { statusDescription: 'smtp;550 5.1.1 User unknown', hardBounce: true } : {}),
  })
}
