/**
 * eSputnik's (Yespo's) activities as they stand on the wire. Fields and meanings: docs.yespo.io "Webhooks for Tracking
 * Activity" (editions of June 2025 and later), the older support page "Webhooks" (2019 to 2021), read November 2026.
 * An absent field does not apply; no null stands in any published example.
 */
import type { z } from 'zod'
import type { Fields, FlatBody, WireKit } from '../kit/wire-schema.ts'

const source = 'docs.yespo.io "Webhooks for Tracking Activity", June 2025'

const commonOf = ({ id, text }: WireKit) => ({
  activityDateTime: text('When it happened: date and time without a zone.', { example: '2023-09-14T08:30:03' }),
  mediaType: text('The channel: email, sms, viber, and other words for push, widgets, in-app, Telegram.', {
    example: 'email',
  }),
  broadcastId: id('The bulk campaign; in bulk campaigns only.', { example: '3459207' }),
  workflowId: id('The workflow; in triggered messages only.', { example: '340484' }),
  workflowBlockId: text('The block of the workflow.', { example: '_05cae26d9ae85e1eb40ed34765f9c7be' }),
  workflowInstanceId: text('One launch of the workflow, a UUID: `$workflowInstanceId` there.'),
  sourceEventId: id('The event that started the workflow.'),
  sourceEventKey: text('Key of that event.', { example: '1258810400' }),
  sourceEventTypeKey: text('Type of that event.', { example: 'subscribeFromApi' }),
  iid: text('The message to this contact, a UUID in upper or lower case; the same in all its activities.'),
  contactId: id('The contact.', { example: '1967597908' }),
  externalCustomerId: text("The customer's own id of the contact."),
  email: text('E-mail address, for e-mail.'),
  sms: text('Phone number without plus sign, for SMS, and in the published example for Viber.'),
  viber: text('Phone number, for Viber.'),
  webpush: text('Token, for web push.'),
  mobilepush: text('Token of the app, for mobile push.'),
  osType: text('Type of the device.'),
  osName: text('Operating system.'),
  from: text('Name of the sender.'),
  messageId: id('The template of the message.', { example: '2489300' }),
  messageInstanceId: id('The message of one campaign, the same for all its recipients.', { example: '4702518' }),
  messageName: text('Name of the message; empty for test mails.'),
  messageTag: text('Tags, separated by commas.', { example: 'tag2,tag,test' }),
  messageLanguageCode: text('Language of the message.'),
  viewMessageLink: text('The message in the browser: a personal link.'),
})

// The table of the page calls both arrays, every example has objects; an older table spells them as below.
function statusDataOf({ list, objectOrList }: WireKit): z.ZodType {
  const keys = list('Keys of the categories: all that are chosen now, by the likely reading.', { example: ['TABLETS'] })
  const subscription = objectOrList('The subscription.', { subscriptions: keys, subscriptons: keys })
  return objectOrList('More about the status; an empty object where there is nothing.', {
    subscription,
    subscripton: subscription,
  })
}

/** The field whose word tells what an activity is. */
export const WORD = 'activityStatus'

export const BODY: FlatBody = { className: 'activity', schemaName: 'esputnikActivities', isList: true }

export function schemasOf(kit: WireKit) {
  const shared = { ...commonOf(kit), statusData: statusDataOf(kit) }
  const { boolean, text } = kit

  function activity(status: string, description: string, fields: Fields = {}): z.ZodObject {
    const word = kit.word('What happened.', [status])
    const title = `eSputnik ${status.toLowerCase().replaceAll('_', ' ')}`
    return kit.wire({ title, description, source }, { [WORD]: word, ...shared, ...fields })
  }

  return {
    SENT: activity('SENT', 'The message was sent; mobile push only.'),
    DELIVERED: activity('DELIVERED', 'The message was delivered; not final, an UNDELIVERED may follow.'),
    UNDELIVERED: activity('UNDELIVERED', 'The message was not delivered.', {
      statusDescription: text('The answer of the server, or a code of the platform or provider: free text.', {
        example: '5.1.2 (bad destination system: no such domain)',
      }),
      hardBounce: boolean('True when the contact stood on the block list of the platform at that moment.'),
    }),
    READ: activity('READ', 'The message was opened.'),
    CLICKED: activity('CLICKED', 'A link was followed.', {
      clickEventLink: text('The link.', { example: 'https://shop.example/promo/' }),
    }),
    UNSUBSCRIBED: activity('UNSUBSCRIBED', 'The contact unsubscribed.'),
    SPAM: activity('SPAM', 'The contact complained.'),
    SUBSCRIPTION_CHANGED: activity('SUBSCRIPTION_CHANGED', 'The contact chose other categories of subscription.'),
  }
}
