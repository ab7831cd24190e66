/** Signatures of Standard Webhooks, version 1 (standardwebhooks.com, specification of 2023-12): HMAC-SHA256. */
import { createHmac } from 'node:crypto'
import { OptionError, PosthornError } from '../../errors.ts'
import { readSecret, secretMissing } from '../../lib/secret.ts'
import { checkedEntries } from '../../lib/secret-list.ts'
import type { Secrets } from '../../types.ts'

/** The headers of a message: its signature with each key, so that a consumer may know any one of them. */
export type Sign = (id: string, body: string) => Promise<Readonly<Record<string, string>>>

const WHAT = 'forward: secrets'
/** The specification asks for 24 to 64 bytes. */
const [FEWEST_BYTES, MOST_BYTES] = [24, 64]
const EXPECTED = `expected whsec_ and ${FEWEST_BYTES} to ${MOST_BYTES} bytes in base64`

/**
 * Reads the secrets for each message anew, so that one can change while the receiver runs.
 * @throws OptionError (ERR_SECRET_INVALID)
 */
export function signWith(secrets: Secrets, now: () => number): Sign {
  const entries = checkedEntries(WHAT, secrets)
  for (const { secret } of entries)
    if (typeof secret === 'string' && keyOf(secret) === null)
      throw new OptionError(`${WHAT}: ${EXPECTED}`, 'ERR_SECRET_INVALID')

  return async function sign(id, body) {
    const texts = await Promise.all(entries.map(({ secret }) => readSecret(WHAT, secret, process.env)))
    const keys = texts.filter((text) => text !== null).map(assertKey)
    if (keys.length === 0) throw secretMissing(WHAT, 'none of its optional secrets is set')
    const timestamp = String(Math.floor(now() / 1_000))
    const signed = `${id}.${timestamp}.${body}`
    const signatures = keys.map((key) => `v1,${createHmac('sha256', key).update(signed).digest('base64')}`)
    return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') }
  }
}

function assertKey(text: string): Buffer {
  const key = keyOf(text)
  if (key === null) throw new PosthornError('ERR_SECRET_INVALID', `${WHAT}: ${EXPECTED}`)
  return key
}

/** null for what is no key: Node decodes as much of it as it can. */
function keyOf(secret: string): Buffer | null {
  const text = secret.replace(/^whsec_/, '')
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return null
  const key = Buffer.from(text, 'base64')
  return key.length >= FEWEST_BYTES && key.length <= MOST_BYTES ? key : null
}
