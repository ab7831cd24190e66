import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { bounce, dumped, newFolder, objectsOf, receiverAt, seeded, typed } from './inbox-file.ts'

const inbox = (path: string, ...args: string[]) => typed(['inbox', ...args, '--inbox', path])
const objects = async (path: string, ...args: string[]) => objectsOf((await inbox(path, ...args, '--json')).out)
const statsOf = async (path: string) => (await objects(path, 'stats'))[0]

const ACTS = [
  ['retry', '--all'],
  ['drop', '--all'],
  ['replay', '--all'],
  ['reparse', '--all'],
  ['erase', 'jo1@shop.example'],
  ['pause', 'suppress'],
  ['resume', 'suppress'],
  ['prune'],
]

describe('posthorn inbox, where something would change', () => {
  it('wants --yes or --dry-run where nobody can be asked: 4, before anything is opened', async () => {
    for (const args of ACTS) {
      const ended = await inbox('/nowhere/inbox.db', ...args)
      expect(ended).toEqual({
        code: 4,
        out: '',
        err: expect.stringMatching(/^posthorn inbox \w+: nothing was changed/),
      })
    }
    const { code, err } = await inbox('/nowhere/inbox.db', 'retry', '--all', '--json')
    expect([code, JSON.parse(err).error]).toEqual([4, 'ERR_NOT_CONFIRMED'])
  })

  it('changes nothing with --dry-run', async () => {
    const { path } = await seeded()
    const before = await statsOf(path)
    expect(await objects(path, 'retry', '--all', '--dry-run')).toEqual([
      { verb: 'retry', dryRun: true, matched: 3, queued: 0 },
    ])
    for (const args of ACTS.filter(([verb]) => verb !== 'prune'))
      expect(await inbox(path, ...args, '--dry-run')).toMatchObject({ code: 0, err: '' })
    expect(await statsOf(path)).toEqual(before)
  })

  it('wants to be told what: everything is --all', async () => {
    const { path } = await seeded()
    for (const verb of ['retry', 'drop', 'replay', 'reparse'])
      expect(await inbox(path, verb, '--yes')).toMatchObject({ code: 2, err: expect.stringContaining('--all') })
    expect((await statsOf(path))?.deadLetters).toBe(2)
  })

  it('does nothing where more is matched than --at-most', async () => {
    const { path } = await seeded()
    const ended = await inbox(path, 'drop', 'handler:suppress', '--at-most', '1', '--yes')
    expect(ended).toMatchObject({ code: 4, err: expect.stringContaining('more than --at-most 1') })
    expect((await statsOf(path))?.deadLetters).toBe(2)
    expect(await inbox(path, 'drop', 'handler:suppress', '--at-most', '2', '--yes')).toMatchObject({ code: 0 })
    expect(await statsOf(path)).toMatchObject({ deadLetters: 0, cancelled: 2 })
  })

  it('tries again what failed, which the next owner handles', async () => {
    const { path } = await seeded()
    const [done] = await objects(path, 'retry', 'handler:suppress', '--yes')
    expect(done).toEqual({ verb: 'retry', dryRun: false, matched: 2, queued: 2 })
    const { receiver, database } = receiverAt(path, { isDown: false, saved: [] })
    await receiver.start()
    await receiver.whenIdle()
    await receiver.close()
    expect(database.saved).toHaveLength(2)
    expect((await statsOf(path))?.deadLetters).toBe(0)
    expect(await inbox(path, 'retry', 'handler:suppress', '--yes')).toMatchObject({ code: 0 })
  })

  it('has the owner beside it do what is asked for', async () => {
    const path = join(newFolder(), 'inbox.db')
    const { receiver, database } = receiverAt(path)
    await receiver.start()
    try {
      await receiver.inject('shop', dumped(bounce(1)))
      await receiver.whenIdle()
      expect(await inbox(path, 'pause', 'suppress', '--yes')).toMatchObject({ code: 0 })
      expect((await receiver.health()).paused).toMatchObject([{ handler: 'suppress', by: 'hand' }])
      database.isDown = false
      expect(await objects(path, 'retry', '--all', '--yes')).toMatchObject([{ matched: 1, queued: 1 }])
      expect(database.saved).toEqual([])
      expect(await inbox(path, 'resume', 'suppress', '--yes')).toMatchObject({ code: 0 })
      await receiver.whenIdle()
      expect(database.saved).toHaveLength(1)
      const [replayed] = await objects(path, 'replay', '--to', 'suppress', '--all', '--yes')
      expect(replayed).toMatchObject({ matched: 1, queued: 1, unreadable: 0, run: expect.stringMatching(/^r_/) })
      await receiver.whenIdle()
      expect(database.saved).toHaveLength(2)
    } finally {
      await receiver.close()
    }
  })

  it('goes on with a replay behind the delivery that a stopped one named', async () => {
    const { path } = await seeded()
    const counted = async (...args: string[]) => (await objects(path, 'replay', ...args, '--dry-run'))[0]?.matched
    const deliveries = (await objects(path, 'ls', 'source:shop')).map(({ id }) => String(id))
    expect(await counted('source:shop')).toBe(4)
    expect(await counted('source:shop', '--after', deliveries.at(-1) ?? '')).toBe(2)
    expect(await counted('source:shop', '--after', deliveries[0] ?? '')).toBe(0)
    expect(await inbox(path, 'replay', '--all', '--after', 'yesterday', '--yes')).toMatchObject({ code: 2 })
  })

  it('exports a person, and erases them', async () => {
    const { path } = await seeded()
    const records = await objects(path, 'export', 'JO1@shop.example')
    expect(records.map(({ source, deadFor }) => [source, deadFor])).toEqual([
      ['shop', ['suppress']],
      ['shop', []],
    ])
    expect(JSON.parse(Buffer.from(String(records[0]?.raw), 'base64').toString())).toEqual(bounce(1))
    expect((await inbox(path, 'erase', 'jo1@shop.example', '--dry-run')).out).toMatch(
      /^2 elements to be erased \(\d+ deliver(y|ies) searched\); nothing was changed\.\n$/,
    )
    expect(await objects(path, 'erase', 'jo1@shop.example', '--yes')).toMatchObject([
      { matched: 2, queued: 2, leftIn: [] },
    ])
    expect(await inbox(path, 'export', 'jo1@shop.example')).toMatchObject({ code: 0, out: '' })
    expect(await statsOf(path)).toMatchObject({ deadLetters: 1, erased: 2 })
  })

  it('refuses a filter in the place of an address: nothing would match it, and nobody would be erased', async () => {
    const { path } = await seeded()
    for (const verb of [['erase', '--yes'], ['export'], ['person']])
      for (const word of ['to:jo1@shop.example', 'email:jo1@shop.example', 'source:shop']) {
        const { code, out, err } = await inbox(path, verb[0] ?? '', word, ...verb.slice(1))
        expect([verb[0], word, code, out]).toEqual([verb[0], word, 2, ''])
        expect(err).toContain(`an address alone`)
      }
    expect(await statsOf(path)).toMatchObject({ erased: 0 })
  })

  it('prunes by the retention of the configuration alone', async () => {
    const { path } = await seeded()
    expect(await inbox(path, 'prune', '--yes')).toMatchObject({ code: 2, err: expect.stringContaining('--config') })
  })

  it('copies an inbox, and refuses to write over something', async () => {
    const { path, folder } = await seeded()
    const to = join(folder, 'copy.db')
    expect(await objects(path, 'backup', to)).toEqual([{ path: to, bytes: statSync(to).size }])
    expect(await statsOf(to)).toMatchObject({ deadLetters: 2 })
    expect(await inbox(path, 'backup', to)).toMatchObject({ code: 2 })
    expect(existsSync(join(folder, 'nothing'))).toBe(false)
  })
})

describe('posthorn inbox check', () => {
  it('ends with 1 and one line of findings, in the words of Nagios', async () => {
    const { path } = await seeded()
    const { code, out } = await inbox(path, 'check')
    expect(code).toBe(1)
    expect(out).toBe('POSTHORN WARNING - 2 dead letters; 1 in quarantine | pending=0 age=0s dead=2 quarantined=1\n')
    const calm = ['--max-dead', '2', '--max-quarantined', '1', '--silent', 'shop=1h']
    expect(await inbox(path, 'check', ...calm)).toMatchObject({
      code: 0,
      out: expect.stringContaining('OK - all is well'),
    })
    const [loud] = await objects(path, 'check', ...calm, '--silent', 'news=0s')
    expect(loud).toMatchObject({ ok: false, findings: [{ id: 'sender_silent' }] })
    expect(await inbox(path, 'check', '--silent', 'shpo=1h')).toMatchObject({ code: 2 })
    expect(await inbox('/nowhere/inbox.db', 'check')).toMatchObject({ code: 3 })
  })

  it('finds a paused handler, and work that waits for too long', async () => {
    const { path } = await seeded()
    await inbox(path, 'pause', 'suppress', '--yes')
    await inbox(path, 'retry', '--all', '--yes')
    const findings = ['backlog_old', 'backlog_long', 'handler_paused'].map((id) => expect.objectContaining({ id }))
    expect(await objects(path, 'check', '--max-age', '0s', '--max-pending', '0')).toMatchObject([{ findings }])
  })
})
