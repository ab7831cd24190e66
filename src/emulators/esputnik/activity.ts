/** What happens to a message, as an activity (docs.yespo.io "Webhooks for Tracking Activity", June 2025). */
import type { Failure, Step } from '../kit/life-cycle.ts'
import type { Message } from '../kit/message.ts'
import { addressFields, type MediaType, mediumOf } from './medium.ts'
import type { Status } from './statuses.ts'

export interface Activity {
  readonly status: Status
  readonly atMs: number
  readonly email: string | null
  /** JSON, as it stands in a body. */
  readonly text: string
}

export interface ActivityForm {
  /** Of `activityDateTime`, which has none. */
  readonly timeZone: string
  /** The support page of 2019 prints `"mediaType":email`, which is no JSON. */
  readonly quotedMediaType: boolean
  /** The older table of fields has `subscripton` and `subscriptons`. */
  readonly misspeltSubscription: boolean
}

type Own = readonly [status: Status, fields: object]

/** Null for what has no activity. */
export function activityOf(step: Step, form: ActivityForm): Activity | null {
  const { message } = step
  const mediaType = mediumOf(message)
  const own = ownFields(step, mediaType, form)
  if (own === null) return null
  const [status, fields] = own
  const atMs = message.sentAtMs + step.afterMs
  const text = JSON.stringify({
    ...(status === 'SUBSCRIPTION_CHANGED' ? idFields(message) : messageFields(message)),
    mediaType,
    activityStatus: status,
    activityDateTime: wallTime(atMs, form.timeZone),
    ...fields,
  })
  const printed = form.quotedMediaType ? text : text.replace(`"mediaType":"${mediaType}"`, `"mediaType":${mediaType}`)
  return { status, atMs, email: mediaType === 'email' ? message.address : null, text: printed }
}

function ownFields(step: Step, mediaType: MediaType, form: ActivityForm): Own | null {
  switch (step.kind) {
    case 'injected':
      return mediaType === 'mobilepush' ? ['SENT', STATUS_DATA] : null
    case 'deferred':
      return null
    case 'delivered':
      return ['DELIVERED', STATUS_DATA]
    case 'rejected':
    case 'bounced':
    case 'late_bounced':
      return ['UNDELIVERED', failureFields(step.failure, mediaType)]
    case 'opened':
      return ['READ', STATUS_DATA]
    case 'clicked':
      return ['CLICKED', { clickEventLink: step.link.url, ...STATUS_DATA }]
    case 'complained':
      return mediaType === 'email' ? ['SPAM', STATUS_DATA] : null
    case 'unsubscribed':
      return mediaType === 'email' ? leaving(step.by, form) : null
  }
}

/** Empty where nothing is to be said. */
const STATUS_DATA = { statusData: {} }

/** Who follows the link chooses categories there; the header of a mail program leaves all. */
function leaving(by: 'link' | 'header', { misspeltSubscription }: ActivityForm): Own {
  if (by === 'header') return ['UNSUBSCRIBED', STATUS_DATA]
  const keys = ['SMARTPHONES', 'LAPTOPS']
  const statusData = misspeltSubscription
    ? { subscripton: { subscriptons: keys } }
    : { subscription: { subscriptions: keys } }
  return ['SUBSCRIPTION_CHANGED', { statusData }]
}

/** `hardBounce` says that the contact is on the platform's block list, not that the failure is for ever. */
function failureFields(failure: Failure, mediaType: MediaType): object {
  return {
    hardBounce: failure.kind === 'suppressed',
    statusDescription: descriptionOf(failure, mediaType),
    ...STATUS_DATA,
  }
}

function descriptionOf({ kind, text }: Failure, mediaType: MediaType): string {
  if (mediaType === 'sms') return 'IM_NO_MONEY'
  if (mediaType !== 'email') return '401: null'
  return kind === 'dns' ? '5.1.2 (bad destination system: no such domain)' : `smtp;${text}`
}

/** `iid` is the same for all activities of a message to a contact; both cases occur. */
function idFields({ random, number }: Message): object {
  const iid = random.fork(2).uuid()
  return { iid: number % 3 === 0 ? iid.toUpperCase() : iid, contactId: 1_967_597_908 + number }
}

function messageFields(message: Message): object {
  const { campaign, template, tags, metadata, number } = message
  return {
    ...(number % 4 === 0 ? launchFields(message) : { broadcastId: 3_459_207 }),
    messageName: campaign,
    ...idFields(message),
    ...(metadata.customer === undefined ? {} : { externalCustomerId: metadata.customer }),
    ...addressFields(message),
    messageId: 2_489_300 + Number(template.at(-1)),
    messageInstanceId: 4_702_518 + campaign.length,
    ...(tags.length === 0 ? {} : { messageTag: tags.join(',') }),
    ...(mediumOf(message) === 'email' ? { viewMessageLink: `https://u51739.esclick.example/${number}` } : {}),
  }
}

/** A message that a workflow sent. */
function launchFields({ random }: Message): object {
  const own = random.fork(5)
  return {
    workflowId: 340_484,
    workflowBlockId: `_${own.hex(32)}`,
    workflowInstanceId: own.uuid(),
    sourceEventKey: own.uuid(),
    sourceEventTypeKey: 'productViewed',
  }
}

/** `2023-09-14T08:30:03`: local, without a zone. */
export function wallTime(atMs: number, timeZone: string): string {
  return formatOf(timeZone).format(atMs).replace(' ', 'T')
}

const FORMATS = new Map<string, Intl.DateTimeFormat>()

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = FORMATS.get(timeZone)
  if (known !== undefined) return known
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' })
  FORMATS.set(timeZone, format)
  return format
}
