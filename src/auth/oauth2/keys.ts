/** What tokens are signed with, and what they say of the client secret that they were issued for. */
import { createHmac } from 'node:crypto'
import { PosthornError } from '../../errors.ts'
import type { SecretSetting } from '../../ports/auth.ts'
import type { ReadSecret, ReadSecrets } from '../secrets.ts'

export interface SigningKey {
  /** The same in every replica, in whatever place of its list the key stands. */
  readonly kid: string
  readonly bytes: Uint8Array
}

/** HS256 wants a key as long as its hash at least (RFC 7518 section 3.2). */
export const KEY_CHARACTERS = 32

/** @throws ERR_SECRET_MISSING, ERR_SECRET_INVALID */
export async function readKeys(read: ReadSecrets, at: SecretSetting): Promise<readonly SigningKey[]> {
  const texts = (await read(at)).map(({ text }) => text)
  if (texts.some((text) => text.length < KEY_CHARACTERS))
    throw new PosthornError('ERR_SECRET_INVALID', `source "${at.source}": ${KEY_TOO_SHORT}`)
  return texts.map((text) => ({ kid: digestOf(Buffer.from(text), 'kid'), bytes: Buffer.from(text) }))
}

export const KEY_TOO_SHORT = `oauth2Issuer signingKey: expected at least ${KEY_CHARACTERS} characters`

/**
 * Names a client secret in a token without telling it: a token whose secret is taken out of the list is refused from then
 * on. Keyed, so that whoever sees a token cannot try secrets against it.
 */
export function markOf({ bytes }: SigningKey, { text }: ReadSecret): string {
  return digestOf(bytes, `client_secret ${text}`)
}

function digestOf(key: Uint8Array, text: string): string {
  return createHmac('sha256', key).update(text).digest('base64url').slice(0, 16)
}
