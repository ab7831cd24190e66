/** The bodies that every subject gets: seeded, so the same in every run. */
import { esputnikElement } from './esputnik.ts'
import { mailjetElement } from './mailjet.ts'
import { momentumElement } from './momentum.ts'
import { Random } from './random.ts'

export type ProviderName = 'momentum' | 'mailjet' | 'esputnik'

/** In the request or its body: twelve digits follow, which make each post another one. */
export const STAMP = 'bench-'
export const STAMP_DIGITS = 12
const unstamped = STAMP + '0'.repeat(STAMP_DIGITS)

const ELEMENTS = { momentum: momentumElement, mailjet: mailjetElement, esputnik: esputnikElement } as const

/**
 * The JSON text of a batch; a sender that has no batch id gets a stamp in a field of its first element.
 * `seed` gives other events with the same variety.
 */
export function bodyOf(provider: ProviderName, events: number, seed = 1): string {
  const random = new Random(seed)
  const elements = Array.from({ length: events }, () => ELEMENTS[provider](random))
  if (provider === 'mailjet') elements[0] = `{"customcampaign":"${unstamped}",${withoutCampaign(elements[0] ?? '{}')}`
  return `[${elements.join(',')}]`
}

const withoutCampaign = (element: string) => element.replace(/"customcampaign":"[^"]*",/, '').slice(1)

/** A Momentum batch of ten events with a megabyte of metadata each: the longest that one element may hold the loop. */
export function largeEventsBody(): string {
  const random = new Random(2)
  const large = () => {
    const padding = random.hex(1_000).repeat(1_000)
    return momentumElement(random).replace('"rcpt_meta":{', `"rcpt_meta":{"note":"${padding}",`)
  }
  return `[${Array.from({ length: 10 }, large).join(',')}]`
}

/** The lines of the head that a sender adds to those of every request. */
export function headersOf(provider: ProviderName): string[] {
  const json = 'content-type: application/json'
  if (provider === 'mailjet') return [json, `authorization: Basic ${btoa(`bench:${SECRET}`)}`]
  return [json, `x-messagesystems-webhook-token: ${SECRET}`, `x-messagesystems-batch-id: ${unstamped}`]
}

export const SECRET = 'a-secret-for-measuring-only'
