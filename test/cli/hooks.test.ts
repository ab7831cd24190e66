import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { basic, token } from 'posthorn/auth'
import { emulateMailjet, emulateMomentum, emulateSparkPost } from 'posthorn/emulators'
import { mailjet as mailjetSource } from 'posthorn/mailjet'
import { momentum as momentumSource } from 'posthorn/momentum'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { run } from '../../src/cli/run.ts'
import { momentumWebhooks } from '../../src/clients/index.ts'
import { receiving, TOKEN } from '../emulators/site.ts'

const NEW_TOKEN = 'another token of some length'
const LOGIN = { username: 'mailjet', password: 'a password: of some length' }

async function typed(...args: string[]) {
  const written = { stdout: '', stderr: '' }
  const spies = (['stdout', 'stderr'] as const).map((stream) =>
    vi.spyOn(process[stream], 'write').mockImplementation((text) => {
      written[stream] += text
      return true
    }),
  )
  try {
    return { code: await run(['hooks', ...args]), out: written.stdout, err: written.stderr }
  } finally {
    for (const spy of spies) spy.mockRestore()
  }
}

/** Senders with keys in the environment, a receiver, and a file of definitions. */
async function prepared() {
  const [sparkpost, mailjet] = [
    emulateSparkPost({ apiKey: 'spark-key' }),
    emulateMailjet({ apiKey: 'jet-key', apiSecret: 'jet-secret' }),
  ]
  onTestFinished(async () => void (await Promise.all([sparkpost.close(), mailjet.close()])))
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-hooks-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const shop = await receiving(momentumSource({ auth: token([TOKEN, NEW_TOKEN]) }))
  const news = await receiving(mailjetSource({ auth: basic(LOGIN) }))
  const [spark, jet] = [await sparkpost.listen(), await mailjet.listen()]
  const env = {
    ...{ SPARKPOST_API_KEY: 'spark-key', SPARKPOST_BASE_URL: spark.url, MAILJET_BASE_URL: jet.url },
    ...{ MAILJET_API_KEY: 'jet-key', MAILJET_API_SECRET: 'jet-secret', SHOP_TOKEN: TOKEN, NEXT_TOKEN: NEW_TOKEN },
    ...{ WRONG_TOKEN: 'a token that nobody accepts', NEWS_PASSWORD: LOGIN.password },
  }
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value)
  onTestFinished(() => void vi.unstubAllEnvs())
  const definitions = {
    momentum: [
      { name: 'shop', target: shop.target, events: ['click', 'bounce'], auth: { token: { env: 'SHOP_TOKEN' } } },
    ],
    mailjet: [
      {
        name: 'news',
        target: news.target,
        events: ['open'],
        auth: { username: 'mailjet', password: { env: 'NEWS_PASSWORD' } },
      },
    ],
  }
  const file = join(folder, 'hooks.json')
  writeFileSync(file, JSON.stringify(definitions))
  return { file, folder, definitions, shop, client: momentumWebhooks({ baseUrl: spark.url, apiKey: 'spark-key' }) }
}

describe('posthorn hooks', () => {
  it('plans, applies and tests, and ends with 1 while there is drift', async () => {
    const { file, client, shop } = await prepared()
    const planned = await typed('plan', '--file', file)
    expect(planned).toMatchObject({ code: 1, err: '' })
    expect(planned.out).toContain(`create momentum "shop", ${shop.target}\n`)
    expect(planned.out).toContain('create mailjet "news: open"')
    const asJson = JSON.parse((await typed('plan', '--file', file, '--json')).out)
    expect(asJson.changes.map(({ hook }: { hook: string }) => hook)).toEqual(['shop', 'news: open'])
    expect(await typed('apply', '--file', file)).toEqual({
      code: 0,
      out: 'created momentum "shop"\ncreated mailjet "news: open"\n',
      err: '',
    })
    expect(await typed('apply', '--file', file)).toEqual({ code: 0, out: 'No changes.\n', err: '' })
    expect(await typed('plan', '--file', file)).toMatchObject({ code: 0, out: expect.stringContaining('No changes.') })
    expect(await typed('test', '--file', file)).toEqual({
      code: 0,
      out: 'ok momentum "shop": 200\nok mailjet "news: open": 200\n',
      err: '',
    })
    const [webhook] = await client.list()
    await client.update(webhook?.id ?? '', { events: ['click'] })
    expect(await typed('plan', '--file', file)).toMatchObject({ code: 1, out: expect.stringContaining('+ bounce') })
    await client.update(webhook?.id ?? '', { auth: { token: 'a token that was taken out' } })
    const tested = await typed('test', '--file', file, '--json')
    expect([tested.code, JSON.parse(tested.out).hooks[0].status]).toEqual([1, 401])
  })

  it('lists what is there, without secrets', async () => {
    const { file } = await prepared()
    await typed('apply', '--file', file)
    const listed = await typed('ls', '--json')
    expect(JSON.parse(listed.out).hooks).toMatchObject([
      { sender: 'momentum', name: 'shop', events: ['click', 'bounce'], auth: 'token', state: 'active' },
      { sender: 'mailjet', name: 'open', auth: 'basic', state: 'alive, grouped' },
    ])
    const lines = await typed('ls')
    expect(lines.out).toMatch(/^momentum \S+ "shop" http.*\n {4}active, auth token; click, bounce\nmailjet \d+ "open"/)
    for (const { out } of [listed, lines])
      for (const secret of [TOKEN, LOGIN.password, encodeURIComponent(LOGIN.password), 'spark-key', 'jet-secret'])
        expect(out).not.toContain(secret)
  })

  it('rotates a secret once the receiver takes both', async () => {
    const { file, client } = await prepared()
    await typed('apply', '--file', file)
    const refused = await typed('rotate', 'shop', '--to-env', 'WRONG_TOKEN', '--file', file)
    expect(refused).toMatchObject({ code: 1, out: 'nothing was changed: with the new secret the target answers 401\n' })
    const rotated = await typed('rotate', 'shop', '--to-env', 'NEXT_TOKEN', '--file', file)
    expect(rotated).toMatchObject({ code: 0, out: expect.stringContaining('"shop" has the new secret') })
    expect((await client.list())[0]?.auth.uses(NEW_TOKEN)).toBe(true)
    const again = await typed('rotate', 'shop', '--to-env', 'NEXT_TOKEN', '--file', file, '--json')
    expect(JSON.parse(again.out)).toMatchObject({ result: 'switched', switchedAt: expect.any(String) })
  })

  it('tells the part that failed', async () => {
    const { file, definitions, folder } = await prepared()
    const broken = join(folder, 'broken.json')
    const [shop] = definitions.momentum
    writeFileSync(broken, JSON.stringify({ momentum: [{ ...shop, auth: { token: 'a token that nobody accepts' } }] }))
    const all = await typed('apply', '--file', broken)
    expect(all).toMatchObject({ code: 1, out: expect.stringMatching(/^failed to create momentum "shop": .*401/) })
    const both = { ...definitions, momentum: [{ ...shop, auth: { token: 'a token that nobody accepts' } }] }
    writeFileSync(broken, JSON.stringify(both))
    const some = await typed('apply', '--file', broken, '--json')
    expect([some.code, JSON.parse(some.out)]).toMatchObject([
      5,
      { changed: [{ hook: 'news: open' }], failed: [{ error: 'ERR_API_REJECTED' }] },
    ])
    expect((await typed('apply', '--file', file)).code).toBe(0)
    await typed('apply', '--file', broken, '--delete-unknown')
  })

  it('tells what the documentation of the sender has that this version does not know', async () => {
    await prepared()
    expect(await typed('drift')).toEqual({ code: 0, out: expect.stringMatching(/^No drift\./), err: '' })
    const momentum = emulateMomentum({ apiKey: 'spark-key' })
    onTestFinished(() => momentum.close())
    vi.stubEnv('SPARKPOST_BASE_URL', (await momentum.listen()).url)
    const drift = await typed('drift', '--json')
    expect([drift.code, JSON.parse(drift.out).newFields[0].name]).toEqual([1, 'node_name'])
  })

  it('takes a module, of definitions or of what defineHooks gives', async () => {
    const { definitions, folder } = await prepared()
    const entry = JSON.stringify(join(import.meta.dirname, '../../src/clients/index.ts'))
    const programs = {
      'plain.mjs': `export default ${JSON.stringify(definitions)}`,
      'defined.mjs': `import { defineHooks } from ${entry}\nexport default defineHooks(${JSON.stringify(definitions)})`,
    }
    for (const [name, program] of Object.entries(programs)) {
      writeFileSync(join(folder, name), program)
      expect(await typed('plan', '--file', join(folder, name))).toMatchObject({
        code: 1,
        out: expect.stringContaining('2 changes.'),
      })
    }
  })

  it('ends with 2 for a wrong file, 3 for none and for a sender out of reach, 4 for wrong keys', async () => {
    const { file, folder } = await prepared()
    const wrong = join(folder, 'wrong.json')
    writeFileSync(wrong, '{ "momentum": a secret')
    const noJson = await typed('plan', '--file', wrong)
    expect(noJson.code).toBe(2)
    expect(noJson.err).not.toContain('a secret')
    writeFileSync(wrong, '[]')
    expect((await typed('plan', '--file', wrong)).code).toBe(2)
    expect((await typed('plan', '--file', join(folder, 'none.json'))).code).toBe(3)
    expect((await typed('plan', '--file', join(folder, 'none.mjs'))).code).toBe(3)
    expect((await typed('rotate', 'shpo', '--to-env', 'NEXT_TOKEN', '--file', file)).err).toContain(
      'did you mean "shop"',
    )
    vi.stubEnv('SPARKPOST_API_KEY', 'another-key')
    expect(await typed('plan', '--file', file)).toMatchObject({ code: 4, out: '' })
    vi.stubEnv('SPARKPOST_API_KEY', '')
    expect((await typed('plan', '--file', file)).code).toBe(4)
  })
})
