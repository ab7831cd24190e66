/** Headers of what the dashboard answers. */

/**
 * Nothing inline, nothing from elsewhere, no text that becomes markup. Scripts and styles are assets at the same address.
 * `frame-ancestors` is what nobody else may take over: clicks, too, are what a page is there for.
 */
export function policyOf(framedBy: readonly string[]): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    `frame-ancestors ${framedBy.length === 0 ? "'none'" : framedBy.join(' ')}`,
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ')
}

/** Of everything: what is answered is for whoever asked, and for nobody between. */
const ALWAYS = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'x-robots-tag': 'noindex, nofollow',
} as const

export type HeaderSet = Readonly<Record<string, string>>

/** Made once for a dashboard. */
export function headersFor(framedBy: readonly string[]): HeaderSet {
  const framing: HeaderSet = framedBy.length === 0 ? { 'x-frame-options': 'DENY' } : {}
  // Old middleware sets SAMEORIGIN, which browsers that know frame-ancestors pass over.
  return { ...ALWAYS, ...framing, 'content-security-policy': policyOf(framedBy), 'cache-control': 'no-store' }
}

/** Its name holds the hash of its bytes; `private`, since a cache between would keep it for strangers. */
export const ASSET_HEADERS: HeaderSet = {
  ...ALWAYS,
  'cache-control': 'private, max-age=31536000, immutable',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
}
