/** Messages as varied as real mail is, of people who do not exist. */
import type { Random } from './random.ts'

export interface Message {
  /** Its place in the traffic, from 0. */
  readonly number: number
  /** When it was handed to the sender, in epoch milliseconds. */
  readonly sentAtMs: number
  /** Lower case. */
  readonly address: string
  /** As somebody typed it. */
  readonly rawAddress: string
  readonly domain: string
  readonly from: string
  readonly subject: string
  readonly campaign: string
  readonly template: string
  readonly tags: readonly string[]
  /** What the customer attached to the message. */
  readonly metadata: Readonly<Record<string, unknown>>
  readonly bytes: number
  readonly agent: Agent
  readonly place: Place
  readonly clientAddress: string
  /** Decides everything else about this message. */
  readonly random: Random
}

export interface Agent {
  readonly name: string
  readonly family: string
  readonly os: string
  readonly mobile: boolean
}

export interface Place {
  readonly country: string
  readonly region: string
  readonly city: string
  readonly postalCode: string
  readonly latitude: number
  readonly longitude: number
}

export interface Link {
  readonly name: string | null
  readonly url: string
}

const FIRST = ['ann', 'Olena', 'José', 'li', 'Bjørn', 'Zoë', 'Andrii', 'Mei-Lin', "D'Arcy", 'Ünal'] as const
const LAST = ['Kovalenko', 'smith', 'O’Neill', 'Müller', 'García', 'van den Berg', 'Nowak', '王'] as const
const DOMAINS = ['example.com', 'example.org', 'example.net', 'mail.example', 'post.shop.example'] as const
const SUBJECTS = [
  'Your order is on its way',
  'Ваше замовлення вже в дорозі 📦',
  'Merci ! Votre reçu – n° 4711',
  'Nur heute: 20 % auf „alles“',
  'ご注文ありがとうございます',
  '{"a": "subject", "that": "looks like JSON"}',
] as const
const CAMPAIGNS = ['spring-sale', 'order-confirmation', 'welcome', 'Щомісячний дайджест'] as const

const AGENTS: readonly [Agent, ...Agent[]] = [
  {
    name: 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148',
    family: 'Mobile Safari UI/WKWebView',
    os: 'iOS',
    mobile: true,
  },
  {
    name: 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36',
    family: 'Chrome',
    os: 'Windows',
    mobile: false,
  },
  {
    name: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
    family: 'Firefox',
    os: 'Linux',
    mobile: false,
  },
  {
    name: 'Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Mobile Safari/537.36',
    family: 'Chrome Mobile',
    os: 'Android',
    mobile: true,
  },
]

/** What opens mail before a person does: the picture proxies of mail providers. */
export const MACHINES: readonly [Agent, ...Agent[]] = [
  {
    name: 'Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)',
    family: 'GmailImageProxy',
    os: 'Other',
    mobile: false,
  },
  { name: 'Mozilla/5.0', family: 'Other', os: 'Other', mobile: false },
]

const PLACES: readonly [Place, ...Place[]] = [
  { country: 'UA', region: '30', city: 'Київ', postalCode: '01001', latitude: 50.4501, longitude: 30.5234 },
  { country: 'FR', region: 'IDF', city: 'Paris', postalCode: '75001', latitude: 48.8582, longitude: 2.3387 },
  { country: 'US', region: 'MA', city: 'Boston', postalCode: '02108', latitude: 42.3584, longitude: -71.0598 },
  { country: 'NP', region: 'P3', city: 'Kathmandu', postalCode: '44600', latitude: 27.7167, longitude: 85.3167 },
]

const LINKS: readonly [Link, ...Link[]] = [
  { name: 'shop', url: 'https://shop.example/sale?item=7&utm_source=mail' },
  { name: null, url: 'https://shop.example/замовлення/4711' },
  { name: 'a "quoted" name', url: 'https://shop.example/a%20b?q=%C3%A9&next=https%3A%2F%2Fshop.example%2F' },
  { name: 'track', url: 'http://track.example/p/00042#top' },
]

export const linkOf = (random: Random): Link => random.pick(LINKS)

/** The message with that number: the same for the same seed. */
export function messageOf(seeded: Random, number: number, sentAtMs: number): Message {
  const random = seeded.fork(number)
  const rawAddress = addressOf(random, number)
  const campaign = random.pick(CAMPAIGNS)
  return {
    number,
    sentAtMs,
    address: rawAddress.toLowerCase(),
    rawAddress,
    domain: rawAddress.slice(rawAddress.lastIndexOf('@') + 1).toLowerCase(),
    from: random.pick(['news@shop.example', 'orders@shop.example', 'no-reply@mail.shop.example']),
    subject: random.pick(SUBJECTS),
    campaign,
    template: `${random.pick(['plain', 'rich', 'amp'])}-${random.integer(1, 9)}`,
    tags: random.pick([[], ['vip'], ['spring', 'новий']]),
    metadata: metadataOf(random, number),
    bytes: Math.round(4_000 + random.exponential(30_000, 900_000)),
    agent: random.pick(AGENTS),
    place: random.pick(PLACES),
    clientAddress: random.chance(0.2) ? `2001:db8::${random.hex(4)}` : `203.0.113.${random.integer(1, 254)}`,
    random,
  }
}

function addressOf(random: Random, number: number): string {
  const name = random.pick(['jo', 'Ann.Smith', 'o.kovalenko', 'Sales', 'd_arcy', "o'neill", 'x'])
  const tag = random.chance(0.2) ? `+${random.pick(['shop', 'news', 'a=b'])}` : ''
  return `${name}-${number}${tag}@${random.pick(DOMAINS)}`
}

function metadataOf(random: Random, number: number): Record<string, unknown> {
  if (random.chance(0.1)) return {}
  const name = `${random.pick(FIRST)} ${random.pick(LAST)}`
  return {
    customer: `c-${number}`,
    name,
    ...(random.chance(0.3) ? { cart: [random.integer(1, 999), random.integer(1, 999)], total: '12,50 €' } : {}),
    ...(random.chance(0.1) ? { note: 'a "quote", a \\ and\na new line \u2028 🎁' } : {}),
  }
}
