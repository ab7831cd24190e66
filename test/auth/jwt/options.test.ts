import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { jwt } from '../../../src/auth/index.ts'
import type { JwtOptions } from '../../../src/auth/jwt/options.ts'
import { port } from '../../../src/lib/symbols.ts'
import { AUDIENCE, ISSUER, jwks, newKey } from '../../support/jwt.ts'

const key = newKey()
const GOOD = { issuer: ISSUER, audience: AUDIENCE, keys: jwks(key) }
const URL_ONLY = { issuer: ISSUER, audience: AUDIENCE, jwksUrl: 'https://issuer.example/keys' }

describe('jwt refuses where it is written', () => {
  test.each<[string, object]>([
    ['no issuer', { ...GOOD, issuer: undefined }],
    ['an empty issuer', { ...GOOD, issuer: '' }],
    ['no audience', { ...GOOD, audience: undefined }],
    ['a blank audience in a list', { ...GOOD, audience: [AUDIENCE, ' '] }],
    ['an empty list of audiences', { ...GOOD, audience: [] }],
    ['neither keys nor an address', { ...GOOD, keys: undefined }],
    ['both keys and an address', { ...GOOD, ...URL_ONLY }],
    ['no keys in the set', { ...GOOD, keys: { keys: [] } }],
    ['a key that is none', { ...GOOD, keys: { keys: [{ kid: 'x' }] } }],
    ['a key that cannot be read', { ...GOOD, keys: { keys: [{ ...key.jwk, x: 'AA' }] } }],
    ['a private key', { ...GOOD, keys: { keys: [key.privateKey.export({ format: 'jwk' })] } }],
    ['a shared secret', { ...GOOD, keys: { keys: [{ kty: 'oct', k: 'c2VjcmV0' }] } }],
    ['an RSA key of 1024 bits', { ...GOOD, keys: jwks(newKey('RS256', 'short', 1024)) }],
    ['an algorithm with a shared secret', { ...GOOD, algorithms: ['HS256'] }],
    ['no algorithm', { ...GOOD, algorithms: ['none'] }],
    ['an empty list of algorithms', { ...GOOD, algorithms: [] }],
    ['an empty list of clients', { ...GOOD, clients: [] }],
    ['a tolerance above a minute', { ...GOOD, clockToleranceSeconds: 61 }],
    ['a lifetime that is no number', { ...GOOD, maxLifetimeSeconds: Number.NaN }],
    ['an option that nobody reads', { ...GOOD, leeway: 5 }],
    ['a fetch that is none', { ...URL_ONLY, fetch: 'yes' }],
  ])('%s', (_what, options) => {
    expect(() => jwt(options as JwtOptions)).toThrow(expect.objectContaining({ code: 'ERR_OPTION' }))
  })

  test.each([
    'http://issuer.example/keys',
    'file:///etc/passwd',
    'issuer.example',
    'https://user:secret@issuer.example/',
    'https://127.0.0.1/',
    'https://2130706433/',
    'https://0177.0.0.1/',
    'https://localhost/',
    'https://localhost./',
    'https://169.254.169.254/latest',
    'https://0/',
    'https://[::1]/',
    'https://[::]/',
    'https://[::ffff:127.0.0.1]/',
    'https://[::ffff:169.254.169.254]/',
    'https://[fe80::1]/',
  ])('T21: the address %s, without repeating it', (jwksUrl) => {
    const error = (() => {
      try {
        return jwt({ ...URL_ONLY, jwksUrl })
      } catch (thrown) {
        return thrown as Error
      }
    })()
    expect(error).toMatchObject({ code: 'ERR_OPTION' })
    expect(String(error)).not.toContain('secret')
  })
})

test('jwt takes an address inside a private network, and shows its scheme alone', () => {
  const auth = jwt({ ...URL_ONLY, jwksUrl: 'https://10.1.2.3/realms/hooks/certs' })
  expect(JSON.stringify(auth)).toBe('{"scheme":"jwt"}')
  expect(auth[port].challenge).toBe('Bearer realm="posthorn"')
  expect(auth[port].present).toBeUndefined()
})

test('jwt keeps its own copy of the keys it was given', async () => {
  const keys = { keys: [{ ...key.jwk }] }
  const auth = jwt({ ...GOOD, keys })
  keys.keys.length = 0
  expect(auth.scheme).toBe('jwt')
  expect(() => jwt({ ...GOOD, keys })).toThrow(TypeError)
})

test('jose is loaded at the start of a source that needs it, and nowhere else', () => {
  const folder = join(import.meta.dirname, '../../../src')
  const loading = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(join(folder, file), 'utf8'))
    .flatMap((text) => text.match(/^.*(?:from|import\() ?'jose'.*$/gm) ?? [])
    .filter((line) => !line.startsWith('import type') && !line.startsWith('type '))
  expect(loading.map((line) => line.trim())).toEqual(["export const loadJose = () => import('jose')"])
})
