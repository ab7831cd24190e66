/** How addresses look in a plan: their secrets do not. */
import type { Secret } from '../../types.ts'

/** Without a login, and without what the fields of its query hold. */
export function shownAddress(address: string): string {
  if (!URL.canParse(address)) return address
  const url = new URL(address)
  const query = [...url.searchParams.keys()].map((name) => `${name}=…`)
  return `${url.origin}${url.pathname}${query.length === 0 ? '' : `?${query.join('&')}`}`
}

/** Where its owner wrote the address as a secret, the host is all that is shown. */
export function shownTarget(wanted: Secret, address: string): string {
  if (typeof wanted === 'string') return shownAddress(address)
  return URL.canParse(address) ? `${new URL(address).origin}/…` : '…'
}
