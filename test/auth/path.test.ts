import { describe, expect, test } from 'vitest'
import { anyOf, path, query, token } from '../../src/auth/index.ts'
import { port } from '../../src/lib/symbols.ts'
import { LET_IN, prepare, setting } from './setting.ts'

const LONG = 'correct-horse_battery.staple~1'
const NO_ADDRESS = { ok: false, hidden: true, reason: 'segment_wrong' }
const at = (target: string, source?: string) => ({ rawHeaders: ['Host', 'localhost'], target, source })

describe('path', () => {
  test.each([
    `/webhooks/${LONG}/shop`,
    `/webhooks/${LONG}/shop/`,
    `/webhooks/${LONG}/shop?x=/y/z`,
    `/${LONG}/shop`,
    `/a/b/c/${LONG}/shop`,
  ])('lets in %s', async (target) => {
    expect((await prepare(path(LONG)))(at(target))).toEqual(LET_IN)
  })

  test.each([
    '/shop',
    '/webhooks/shop',
    `/webhooks/${LONG}x/shop`,
    `/webhooks/${LONG.slice(0, -1)}/shop`,
    `/webhooks/${LONG.toUpperCase()}/shop`,
    `/webhooks/${LONG}//shop`,
    `/webhooks/${LONG}/else/shop`,
    `/webhooks/c${encodeURIComponent('o')}`,
    `/webhooks/%63${LONG.slice(1)}/shop`,
    `/webhooks/shop?/${LONG}/shop`,
    `/webhooks/shop/${LONG}`,
    `/webhooks/${LONG};x/shop`,
    '//shop',
    '*',
    '',
  ])('knows no address %s', async (target) => {
    expect((await prepare(path(LONG)))(at(target))).toEqual(NO_ADDRESS)
  })

  test('is the last segment where the host has decided the source', async () => {
    const verify = await prepare(path(LONG))
    expect(verify(at(`/${LONG}`, 'shop'))).toEqual(LET_IN)
    expect(verify(at(`/old/address/${LONG}/`, 'shop'))).toEqual(LET_IN)
    expect(verify(at(`/${LONG}/shop`, 'shop'))).toEqual(NO_ADDRESS)
    expect(verify(at('/', 'shop'))).toEqual(NO_ADDRESS)
  })

  test('lets in every secret of a rotation and names the one that came', async () => {
    const auth = path([
      { label: 'old', secret: { env: 'OLD' } },
      { label: 'new', secret: LONG },
    ])
    const verify = await prepare(auth, { OLD: 'the-path-of-last-year' })
    expect(verify(at('/the-path-of-last-year/shop'))).toEqual({ ok: true, credential: 'old' })
    expect(verify(at(`/${LONG}/shop`))).toEqual({ ok: true, credential: 'new' })
    expect(auth[port].labels).toEqual(['old', 'new'])
  })

  test.each(['a/b-c-d-e-f-g-h-i-j', 'with a blank in it', 'ключ-до-дверей', '.', '..', 'a?b', 'a%20b'])(
    'refuses the secret %j, which an address cannot carry as it is',
    async (secret) => {
      expect(() => path(secret)).toThrow(expect.objectContaining({ code: 'ERR_SECRET_INVALID' }))
      expect(() => path([{ label: 'x', secret }])).toThrow(TypeError)
      await expect(prepare(path({ env: 'KEY' }), { KEY: secret })).rejects.toMatchObject({ code: 'ERR_SECRET_INVALID' })
    },
  )

  test('presents the segment', async () => {
    expect(await path({ env: 'KEY' })[port].present!(setting({ KEY: LONG }))).toMatchObject({ segment: LONG })
  })
})

describe('anyOf with path', () => {
  const both = anyOf(path(LONG), token('another secret of some length'))
  const NAME = 'X-MessageSystems-Webhook-Token'

  test('lets in either, and refuses with 401 what may have meant the other', async () => {
    const verify = await prepare(both)
    expect(verify(at(`/${LONG}/shop`))).toEqual(LET_IN)
    expect(verify({ rawHeaders: [NAME, 'another secret of some length'], target: '/shop' })).toEqual(LET_IN)
    expect(verify(at('/wrong/shop'))).toMatchObject({ ok: false })
    expect(both[port].places).toEqual({ path: 'also', query: false })
    expect(both[port].challenge).toBe('token realm="posthorn"')
  })

  test('of two paths is a path', async () => {
    const paths = anyOf(path(LONG), path('another-path-of-some-length'))
    const verify = await prepare(paths)
    expect(verify(at('/another-path-of-some-length/shop'))).toEqual(LET_IN)
    expect(verify(at('/wrong/shop'))).toEqual(NO_ADDRESS)
    expect(paths[port].places).toEqual({ path: 'only', query: false })
    expect(anyOf(query('k', LONG), token(LONG))[port].places).toEqual({ path: null, query: true })
  })
})
