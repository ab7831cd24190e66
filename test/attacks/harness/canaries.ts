/** Secrets and addresses that occur nowhere else, so that a search finds them wherever they have got to. */

export const SECRETS = {
  word: 'canary-token-7f3a91c2d4',
  password: 'canary-password-5be0c81a',
  key: 'canary-key-91d22e70f6ab',
  wish: 'canary-query-66a0b9d3e1',
  carrier: 'canary-bearer-0c9d8e7f6a',
} as const

export const ADDRESS = 'canary.jo@canary-shop.example'
const NAME = 'Canary Jo'
const AGENT = 'CanaryBrowser/1.0'
const CLIENT = '198.51.100.77'

/** Every spelling under which they could be found. */
export const TRACES: readonly string[] = [
  ...Object.values(SECRETS),
  Buffer.from(`mj:${SECRETS.password}`).toString('base64'),
  'canary.jo',
  'canary-shop',
  NAME,
  AGENT,
  CLIENT,
]

const who = { rcpt_to: ADDRESS, raw_rcpt_to: ADDRESS, subject: NAME, user_agent: AGENT, ip_address: CLIENT }
const also = { rcpt_meta: { [ADDRESS]: NAME }, rcpt_tags: [ADDRESS], [ADDRESS]: ADDRESS }

const momentums: readonly object[] = [
  { msys: { track_event: { type: 'click', ...who, ...also } } },
  { msys: { message_event: { type: 'delivery', ...who } } },
  { msys: { message_event: { type: 'bounce', ...who, raw_reason: `550 5.1.1 <${ADDRESS}>` } } },
  { msys: { track_event: { type: ADDRESS, ...who } } },
  { msys: { [ADDRESS]: { type: 'click', ...who } } },
  // Broken in a field, in a key, in two ways at once.
  { msys: { track_event: { type: 'click', ...who, rcpt_to: { [ADDRESS]: ADDRESS } } } },
  { msys: { track_event: { type: 'click', rcpt_meta: [ADDRESS], geo_ip: ADDRESS } } },
  { msys: { track_event: { type: 'click' }, message_event: { type: 'bounce', ...who } } },
  { [ADDRESS]: who },
]

const others = { email: ADDRESS, agent: AGENT, ip: CLIENT, CustomID: NAME, [ADDRESS]: ADDRESS }

const EVENTS: Readonly<Record<string, readonly object[]>> = {
  shop: momentums,
  cloud: momentums.slice(0, 4),
  news: [
    { event: 'open', ...others },
    { event: 'sent', ...others },
    { event: 'bounce', ...others, comment: `550 <${ADDRESS}>`, error: ADDRESS },
    { event: ADDRESS, ...others },
    { event: 'open', ...others, email: { [ADDRESS]: 1 } },
    { event: 'open', ...others, url: [ADDRESS] },
  ],
  crm: [
    { activityStatus: 'READ', ...others },
    { activityStatus: 'UNDELIVERED', ...others, statusDescription: `550 <${ADDRESS}>` },
    { activityStatus: ADDRESS, ...others, mediaType: ADDRESS, activityDateTime: ADDRESS },
    { activityStatus: 'READ', ...others, email: { [ADDRESS]: 1 } },
  ],
}

/** Bodies for a source; each is stored, and comes to another end. */
export function everyEvent(source: string): string[] {
  return (EVENTS[source] ?? []).map((event) => JSON.stringify([event]))
}
