/** What differs from event to event in real traffic: people, browsers, links, what a shop writes into its metadata. */
import type { Random } from './random.ts'

const NAMES = ['anna', 'jo', 'mykola', 'li.wei', 'maria-josé', 'sven', 'o.brien', 'fatima', 'kateryna', 'd.müller']
const DOMAINS = ['gmail.com', 'example.com', 'ukr.net', 'web.example', 'post.example', 'mail.example.co.uk', 'i.ua']
const PATHS = ['sale', 'account/orders', 'p/winter-boots', 'blog/how-to-choose-a-tent', 'cart', 'help/returns']
const SUBJECTS = [
  'Your order is on its way',
  'Спасибі за покупку',
  'Last chance: 30 % off everything',
  'Merci – votre facture',
  'You left something in your cart 🛒',
]
const BROWSERS = [
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15',
  'Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)',
  'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
  'YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html',
]
const REFUSALS = [
  ['10', '550', '550 5.1.1 <@> User unknown'],
  ['22', '452', '452 4.2.2 Mailbox full'],
  ['25', '550', '550 5.7.1 Service unavailable; client host blocked'],
  ['20', '421', '421 4.4.2 Connection timed out'],
] as const

export const address = (random: Random) => `${random.pick(NAMES)}.${random.below(1_000_000)}@${random.pick(DOMAINS)}`

export const agent = (random: Random) => `${random.pick(BROWSERS)} OPR/${random.below(120)}.0.${random.below(10_000)}`

export const subject = (random: Random) => `${random.pick(SUBJECTS)} (${random.below(900_000)})`

export const address4 = (random: Random) => `198.51.${random.below(256)}.${random.below(256)}`

export function link(random: Random): string {
  const tracking = `utm_source=mail&utm_campaign=week-${random.below(53)}&cid=${random.hex(24)}`
  return `https://shop.example/${random.pick(PATHS)}?item=${random.below(100_000)}&${tracking}`
}

export function refusal(random: Random): { bounce_class: string; error_code: string; reason: string } {
  const [bounce_class, error_code, text] = random.pick(REFUSALS)
  return { bounce_class, error_code, reason: `${text} [${random.hex(12)}]` }
}

export function metadata(random: Random): Record<string, unknown> {
  return {
    customer: `c-${random.below(10_000_000)}`,
    order: random.digits(9),
    plan: random.pick(['free', 'gold', 'pro']),
  }
}
