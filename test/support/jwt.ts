/** An issuer of our own: tokens as good or as broken as a test wants them, made without the library that checks them. */
import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'

export const ISSUER = 'https://issuer.example/'
export const AUDIENCE = 'https://hooks.example/webhooks'

export interface SigningKey {
  /** null: the key has no name. */
  readonly kid: string | null
  readonly alg: string
  readonly privateKey: KeyObject
  /** As the issuer publishes it. */
  readonly jwk: Readonly<Record<string, unknown>>
}

const HASHES: Readonly<Record<string, string>> = { RS256: 'sha256', PS256: 'sha256', ES256: 'sha256', ES384: 'sha384' }

export function newKey(alg = 'ES256', kid: string | null = `key-${alg}`, bits = 2048): SigningKey {
  const { publicKey, privateKey } = pairOf(alg, bits)
  const jwk = { ...publicKey.export({ format: 'jwk' }), alg, use: 'sig', ...(kid === null ? {} : { kid }) }
  return { kid, alg, privateKey, jwk }
}

function pairOf(alg: string, modulusLength: number) {
  if (alg === 'EdDSA' || alg === 'Ed25519') return generateKeyPairSync('ed25519')
  if (alg.startsWith('ES')) return generateKeyPairSync('ec', { namedCurve: alg === 'ES384' ? 'P-384' : 'P-256' })
  return generateKeyPairSync('rsa', { modulusLength })
}

export const jwks = (...keys: readonly SigningKey[]) => ({ keys: keys.map(({ jwk }) => jwk) })

export interface TokenParts {
  readonly header?: Readonly<Record<string, unknown>>
  readonly claims?: Readonly<Record<string, unknown>>
  /** JSON texts in the place of the objects. */
  readonly headerText?: string
  readonly claimsText?: string
  /** Signs the input; default: the key, by its algorithm. */
  readonly signature?: (input: string) => Uint8Array
}

/** A token of an hour, good unless the parts say otherwise. `now` in ms. */
export function newToken(key: SigningKey, now: number, parts: TokenParts = {}): string {
  const iat = Math.floor(now / 1_000)
  const header = { alg: key.alg, typ: 'JWT', ...(key.kid === null ? {} : { kid: key.kid }), ...parts.header }
  const claims = { iss: ISSUER, aud: AUDIENCE, sub: 'sparkpost', iat, exp: iat + 3_600, ...parts.claims }
  const input = [parts.headerText ?? JSON.stringify(header), parts.claimsText ?? JSON.stringify(claims)].map(base64url)
  const text = input.join('.')
  return `${text}.${base64url((parts.signature ?? signer(key))(text))}`
}

export const base64url = (bytes: string | Uint8Array): string => Buffer.from(bytes).toString('base64url')

export function signer({ alg, privateKey: key }: SigningKey): (input: string) => Uint8Array {
  const hash = HASHES[alg] ?? null
  const pss = alg.startsWith('PS') ? { padding: 6, saltLength: 32 } : {} // RSA_PKCS1_PSS_PADDING
  const raw = alg.startsWith('ES') ? ({ dsaEncoding: 'ieee-p1363' } as const) : {}
  return (input) => sign(hash, Buffer.from(input), { key, ...pss, ...raw })
}

export const hmac = (secret: string) => (input: string) => createHmac('sha256', secret).update(input).digest()

export const bearerOf = (token: string) => ({
  rawHeaders: ['Authorization', `Bearer ${token}`],
  target: '/webhooks/shop',
})
