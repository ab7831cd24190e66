/** Reads opens, clicks and unsubscribes. Private. */
import { field } from '../../lib/field.ts'
import { flagOf, isObject } from '../../lib/guards.ts'
import type { Automation, EventClient } from '../../types.ts'
import type { Meaning } from '../kit/meaning.ts'
import type { Slots } from '../kit/slots.ts'
import { F } from './validate.generated.ts'
import { wordOf } from './wire.ts'

/**
 * An `initial_open` is the pixel at the top, loaded at every display beside the one at the bottom; both can come for
 * one display (SparkPost support docs; django-anymail issues 206 and 207). Counting `counts` counts each display once.
 */
export function readOpen(pixel: 'top' | 'bottom', amp: boolean): (slots: Slots) => Meaning {
  return function readPixel(slots) {
    const counts = pixel === 'top' || flagOf(slots[F.initial_pixel]) !== true
    const { userAgent, client, automation, automated } = visitOf(slots)
    const details = { open: { pixel, amp, counts }, userAgent, client, automation, automated }
    return { type: 'opened', effect: 'none', details }
  }
}

export function readClick(slots: Slots): Meaning {
  const { userAgent, client, automation, automated } = visitOf(slots)
  const url = wordOf(slots[F.target_link_url])
  const linkName = wordOf(slots[F.target_link_name])
  return { type: 'clicked', effect: 'none', details: { url, linkName, userAgent, client, automation, automated } }
}

export function readUnsubscribe(slots: Slots): Meaning {
  const details = { userAgent: wordOf(slots[F.user_agent]), client: clientOf(slots) }
  return { type: 'unsubscribed', effect: 'unsubscribe', details }
}

interface Visit {
  readonly userAgent: string | null
  readonly client: EventClient
  readonly automation: Automation
  readonly automated: boolean | null
}

function visitOf(slots: Slots): Visit {
  const automation = automationOf(slots[F.user_agent_parsed])
  const { prefetched, proxied } = automation
  const automated = prefetched === null && proxied === null ? null : prefetched === true || proxied === true
  return { userAgent: wordOf(slots[F.user_agent]), client: clientOf(slots), automation, automated }
}

const SILENT: Automation = Object.freeze({ prefetched: null, proxied: null })

function automationOf(parsed: unknown): Automation {
  if (!isObject(parsed)) return SILENT
  return { prefetched: flagOf(field(parsed, 'is_prefetched')), proxied: flagOf(field(parsed, 'is_proxy')) }
}

function clientOf(slots: Slots): EventClient {
  const geo = slots[F.geo_ip]
  const ip = wordOf(slots[F.ip_address])
  if (!isObject(geo)) return { ip, country: null, region: null, city: null }
  return { ip, country: part(geo, 'country'), region: part(geo, 'region'), city: part(geo, 'city') }
}

// Through `field` for the reason told above slots: a named read of an object of unforeseeable shape costs more.
const part = (geo: object, name: string): string | null => wordOf(field(geo, name))
