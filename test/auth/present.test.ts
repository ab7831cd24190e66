import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import {
  anyOf,
  basic,
  bearer,
  custom,
  header,
  oauth2Issuer,
  path,
  query,
  token,
  unauthenticated,
} from '../../src/auth/index.ts'
import { port } from '../../src/lib/symbols.ts'
import type { Auth } from '../../src/ports/auth.ts'
import { setting } from './setting.ts'

const LONG = 'correct horse battery staple'
const ENV = { PATH_SECRET: 'a-horse-of-some-length', TOKEN: LONG, SECOND: 'another secret of some length' }

const kinds: [string, Auth][] = [
  ['token', token({ env: 'TOKEN' })],
  ['header', header('X-Key', LONG)],
  ['a header with a secret beyond ASCII', header('X-Key', 'ключ до дверей надійний')],
  ['bearer', bearer(async () => LONG)],
  ['basic', basic({ username: 'mailjet', password: { env: 'TOKEN' } })],
  ['basic beyond ASCII', basic({ username: 'пошта', password: 'ключ до дверей надійний' })],
  ['basic with an empty password', basic({ username: LONG, password: { empty: true } })],
  ['query', query('key', LONG)],
  ['a query of awkward characters', query('a key&', 'a=b&c+d %20 ключ до дверей')],
  [
    'several secrets',
    token([
      { env: 'GONE', optional: true },
      { label: 'new', secret: { env: 'SECOND' } },
    ]),
  ],
  ['path', path({ env: 'PATH_SECRET' })],
  ['anyOf with a path', anyOf(path({ env: 'PATH_SECRET' }), token(LONG))],
  ['anyOf', anyOf(token(LONG), basic({ username: 'u', password: LONG }))],
  ['oauth2Issuer', oauth2Issuer({ clientId: 'sparkpost', clientSecret: LONG, signingKey: `${LONG}${LONG}` })],
  ['unauthenticated', unauthenticated()],
  ['custom, which may let in what carries nothing', custom(() => true)],
]

async function presented(auth: Auth) {
  const { rawHeaders, query: search, segment } = await auth[port].present!(setting(ENV))
  const path = segment === undefined ? 'shop' : `${segment}/shop`
  return { rawHeaders, target: `/webhooks/${path}${search === '' ? '' : `?${search}`}` }
}

describe('what a kind presents', () => {
  test.each(kinds)('is let in by its own check: %s', async (_name, auth) => {
    const verify = await auth[port].prepare(setting(ENV))
    expect(await verify(await presented(auth))).toMatchObject({ ok: true })
  })

  test.each(kinds.slice(0, -2))('is what lets it in: %s', async (_name, auth) => {
    const verify = await auth[port].prepare(setting(ENV))
    const { rawHeaders, target } = await presented(auth)
    expect(await verify({ rawHeaders: [], target: '/webhooks/shop' })).toMatchObject({ ok: false })
    const spoiltTarget = target.replace('?', '?x').replace('horse', 'mule')
    const spoilt = { rawHeaders: rawHeaders.map((text) => `${text}x`), target: spoiltTarget }
    expect(await verify(spoilt)).toMatchObject({ ok: false })
  })

  test('can be sent: it fits into fetch headers and an address', async () => {
    for (const [, auth] of kinds) {
      const { rawHeaders, target } = await presented(auth)
      const headers = new Headers()
      for (let at = 0; at < rawHeaders.length; at += 2) headers.append(rawHeaders[at]!, rawHeaders[at + 1]!)
      const request = new Request(`http://localhost${target}`, { headers })
      const url = new URL(request.url)
      const verify = await auth[port].prepare(setting(ENV))
      expect(
        await verify({ rawHeaders: [...request.headers].flat(), target: url.pathname + url.search }),
      ).toMatchObject({
        ok: true,
      })
    }
  })

  test('names the first secret there is', async () => {
    const auth = token([
      { label: 'old', secret: LONG },
      { label: 'new', secret: 'another secret of some length' },
    ])
    const verify = await auth[port].prepare(setting())
    expect(verify(await presented(auth))).toEqual({ ok: true, credential: 'old' })
  })

  test('needs the secret, and says which one is missing', async () => {
    const auth = token({ env: 'NOT_SET' })
    await expect(presented(auth)).rejects.toMatchObject({ code: 'ERR_SECRET_MISSING' })
  })

  test('leaves no secret in sight', () => {
    for (const [, auth] of kinds) {
      const shown = inspect(auth, { depth: 9 }) + JSON.stringify(auth) + Object.keys(auth)
      expect(shown).not.toMatch(/horse|another|надійний/)
    }
  })
})
