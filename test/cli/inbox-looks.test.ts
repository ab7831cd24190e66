import { copyFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  bounce,
  click,
  dumped,
  newFolder,
  objectsOf,
  receiverAt,
  rowsOf,
  seeded,
  steady,
  typed,
  typedApart,
} from './inbox-file.ts'

let seed: Awaited<ReturnType<typeof seeded>>
beforeAll(async () => {
  seed = await seeded()
})

const look = (...args: string[]) =>
  typed(['inbox', ...args, ...(args.includes('--url') ? [] : ['--inbox', seed.path]), '--utc'])
const objects = async (...args: string[]) => objectsOf((await look(...args, '--json')).out)

const LOOKS = [['stats'], ['ls'], ['dead'], ['dead', '--group'], ['quarantine'], ['handlers'], ['senders'], ['diff']]

describe('posthorn inbox', () => {
  it.each(LOOKS)('%s %s looks the same as ever, on 80 columns, on 200 and in a pipe', async (...args) => {
    const command = ['inbox', ...args.filter((arg) => arg !== undefined), '--inbox', seed.path, '--utc']
    const golden = (width: string) =>
      `../golden/cli/inbox-${args.filter(Boolean).join('').replace('--', '-')}-${width}.txt`
    for (const columns of [80, 200]) {
      const { out, err } = await typed(command, columns)
      expect(
        Math.max(
          ...plain(out)
            .split('\n')
            .map((line) => line.length),
        ),
      ).toBeLessThanOrEqual(columns)
      await expect(steady(plain(out) + err)).toMatchFileSnapshot(golden(String(columns)))
    }
    const { out, err } = await typed(command)
    expect(plain(out)).toBe(out)
    await expect(steady(out + err)).toMatchFileSnapshot(golden('piped'))
  })

  it('counts what is there', async () => {
    expect(await objects('stats')).toMatchObject([
      { pending: 0, deadLetters: 2, quarantined: 1, oldestPendingAt: null },
    ])
  })

  it('lists deliveries by source, time and id, and no more than asked for', async () => {
    const all = await objects('ls')
    expect(all.map(({ source, events }) => [source, events])).toEqual([
      ['news', null],
      ['news', 1],
      ['shop', 2],
      ['shop', 2],
    ])
    const ids = all.map(({ id }) => String(id))
    expect((await objects('ls', 'source:shop')).map(({ id }) => id)).toEqual(ids.slice(2))
    expect((await objects('ls', String(ids[1]))).map(({ id }) => id)).toEqual([ids[1]])
    expect((await objects('ls', 'since:1h')).length).toBe(4)
    expect(await look('ls', 'until:1h')).toEqual({ code: 0, out: '', err: 'No deliveries.\n' })
    const first = await look('ls', '--limit', '1')
    expect([rowsOf(first.out).length, first.err]).toEqual([
      1,
      expect.stringMatching(/^1 shown; more with --after d_\w+, or/),
    ])
  })

  it('tells the sender of a source by what is stored of it', async () => {
    const dead = await objects('dead')
    expect(dead.map(({ event, handler }) => [(event as { name: string }).name, handler])).toEqual([
      ['momentum.bounce', 'suppress'],
      ['momentum.bounce', 'suppress'],
    ])
    expect(await objects('senders')).toMatchObject([
      { source: 'news', sender: 'mailjet' },
      { source: 'shop', sender: 'momentum' },
    ])
    const wrong = await objects('dead', '--sender', 'shop=mailjet')
    expect(wrong.map(({ event }) => (event as { name: string }).name)).toEqual(['mailjet.unknown', 'mailjet.unknown'])
  })

  it('shows a delivery with its events, and its bytes', async () => {
    const [, , { id = '' } = {}] = await objects('ls')
    const [shown] = await objects('show', String(id))
    expect(shown).toMatchObject({
      delivery: { id, source: 'shop', events: 2 },
      events: [{ id: `${id}.0` }, { id: `${id}.1` }],
    })
    expect((await look('show', String(id), '--body')).out).toBe(dumped(bounce(2), click(2)))
    const text = (await look('show', String(id))).out
    expect(text).toContain(`${id}.0\tj***@shop.example\tmomentum.bounce`)
    expect(text).not.toContain('jo2@')
  })

  it('shows an event with why it bounced, where it stands, and the errors of its handler', async () => {
    const [letter] = await objects('dead')
    const id = idOf(letter)
    const { code, out } = await look('show', id)
    expect(code).toBe(0)
    expect(out).toMatch(/^reason\t550 5.1.1 User unknown$/m)
    expect(out).toMatch(/^handlers\tsuppress: dead/m)
    expect(out).toMatch(/PermanentError ECONNREFUSED: connect ECONNREFUSED 127.0.0.1:5432\n\tat .*inbox-file.ts/)
    expect(await objects('show', id)).toMatchObject([{ event: { id }, dead: [{ handler: 'suppress', attempts: 1 }] }])
    const none = await look('show', `d_${'a'.repeat(26)}.0`)
    expect(none).toEqual({ code: 1, out: '', err: expect.stringContaining('there is no') })
  })

  it('finds events by a filter, by the mail, and by the person', async () => {
    const types = async (...args: string[]) => (await objects(...args)).map(({ type }) => type)
    expect(await types('events', 'source:shop')).toEqual(['clicked', 'bounced', 'clicked', 'bounced'])
    expect(await types('events', 'type:bounced', 'to:JO2@shop.example')).toEqual(['bounced'])
    expect(await types('events', '--filter', '-type:bounced,clicked', '--limit', '5')).toEqual(['opened'])
    expect(await objects('events', '--limit', '1', 'type:bounced')).toMatchObject([{ email: 'jo2@shop.example' }])
    expect(await look('events', 'handler:suppress')).toMatchObject({
      code: 2,
      err: expect.stringContaining('character 1'),
    })
    expect(await objects('message', 'message-1')).toMatchObject([{ type: 'bounced', email: 'jo1@shop.example' }])
    expect(await look('message', 'message-1', 'until:1d')).toMatchObject({ code: 1, out: '' })
    expect(await types('person', 'Jo1@shop.example')).toEqual(['bounced', 'clicked'])
    const text = await look('person', 'jo1@shop.example')
    expect([text.code, text.err]).toEqual([
      0,
      expect.stringMatching(/^suppress: bounced, .* hard: 550 5.1.1 User unknown\n$/),
    ])
    expect(await look('person', 'nobody@shop.example')).toMatchObject({ code: 1, out: '' })
  })

  it('groups dead letters by handler and error', async () => {
    expect(await objects('dead', '--group')).toMatchObject([
      { count: 2, handler: 'suppress', error: 'PermanentError', code: 'ECONNREFUSED' },
    ])
  })

  it('compares two deliveries', async () => {
    const [, , b, a] = await objects('ls')
    const { code } = await look('diff', String(a?.id), String(b?.id))
    expect(code).toBe(1)
    expect(await objects('diff', String(a?.id), String(b?.id))).toMatchObject([
      { inBoth: 0, onlyInA: [`${a?.id}.0`, `${a?.id}.1`], onlyInB: [`${b?.id}.0`, `${b?.id}.1`] },
    ])
    expect(await objects('diff', String(a?.id), String(a?.id))).toEqual([
      { a: a?.id, b: a?.id, facts: [], inBoth: 2, onlyInA: [], onlyInB: [] },
    ])
  })

  it('refuses what it cannot do with 2 or 3, and says why in JSON where JSON is asked for', async () => {
    expect(await look('ls', 'source:shpo')).toMatchObject({ code: 2, err: expect.stringContaining('"shop"') })
    expect(await look('dead', 'handler:supress')).toMatchObject({
      code: 2,
      err: expect.stringContaining('suppress'),
    })
    expect(await look('ls', 'since:yesterday')).toMatchObject({ code: 2, err: expect.stringContaining('character 7') })
    expect(await look('ls', '--sender', 'shop')).toMatchObject({ code: 2, err: expect.stringContaining('--sender') })
    expect(await look('ls', '--sender', 'shop=mailjte')).toMatchObject({
      code: 2,
      err: expect.stringContaining('mailjet'),
    })
    expect(await typed(['inbox', 'ls'])).toMatchObject({ code: 2, err: expect.stringContaining('--inbox') })
    const there = await typed(['inbox', 'ls', '--inbox', seed.folder, '--json'])
    expect([there.code, JSON.parse(there.err).error]).toEqual([3, 'ERR_INBOX_IO'])
    const empty = join(newFolder(), 'empty.db')
    writeFileSync(empty, '')
    const nothing = await typed(['inbox', 'ls', '--inbox', empty, '--json'])
    expect([nothing.code, JSON.parse(nothing.err).error]).toEqual([3, 'ERR_INBOX_FOREIGN'])
  })
})

describe('what is called wrongly', () => {
  it.each([
    ['ls to:jo', 'inbox ls: filter: ls does not filter by "to"; it takes source,'],
    ['dead type:nope', 'inbox dead: filter: no event has the type "nope"'],
    ['events handler:x', 'inbox events: filter: events does not filter by "handler"'],
    ['ls --limit x', 'inbox ls: --limit must be a whole number from 1 to 1000000000'],
    ['events --every 5', 'inbox events: --every must be a time such as'],
    ['ls --watch --every 0s', 'inbox ls: --every must be at least 10ms'],
    ['backup inbox.backup/inbox.db', 'inbox backup: there is no folder '],
    ['events --bogus', "inbox events: unknown option '--bogus'"],
    ['ls --after d_x', 'inbox ls: --after: d_x is not there any more; until: goes on by time'],
    ['diff --handled', 'inbox diff: --handled reads every delivery in range: give since:, or ids'],
    ['replay to:jo --yes', 'inbox replay: filter: replay does not filter by "to"'],
    ['replay --all source:shop --yes', 'inbox replay: --all is everything, and does not go with source'],
    ['replay --all --missed --yes', 'inbox replay: --missed goes with --to'],
    ['export nobody', 'inbox export: a person is named by an e-mail address: jo@shop.example'],
    ['export jo@shop.example --url https://ops.example', 'inbox export: --url does not go with it'],
    ['retry', 'inbox retry: say which'],
    ['drop', 'inbox drop: say which'],
    ['retry --url https://ops.example', 'inbox retry: say which'],
  ])('is told in options, by its command: %s', async (line, message) => {
    const ended = await look(...line.split(' '))
    expect([ended.code, ended.out]).toEqual([2, ''])
    expect(ended.err).toMatch(new RegExp(`^posthorn ${message.replaceAll(/[?.*]/g, '\\$&')}`))
  })
})

describe('--inbox', () => {
  it('makes no file and no folder where there is none', async () => {
    const folder = newFolder()
    for (const [command = '', ...rest] of [...LOOKS, ['retry', '--all', '--yes'], ['pause', 'x', '--yes']]) {
      const ended = await typed(['inbox', command, ...rest, '--inbox', join(folder, 'a/inbox.db')])
      expect(ended).toEqual({ code: 3, out: '', err: expect.stringContaining('There is no inbox at') })
    }
    expect(readdirSync(folder)).toEqual([])
  })

  it('tells of an inbox in which nothing was ever stored that it is empty', async () => {
    const path = join(newFolder(), 'inbox.db')
    const { receiver } = receiverAt(path)
    await receiver.start()
    await receiver.close()
    const empty = (...args: string[]) => typed(['inbox', ...args, '--inbox', path])
    for (const args of [['ls'], ['events'], ['dead'], ['dead', '--group'], ['quarantine'], ['senders'], ['diff']])
      expect(await empty(...args)).toMatchObject({ code: 0, out: '' })
    expect((await empty('handlers')).out).toMatch(/^suppress\t0\t0\t/)
    expect(await empty('check')).toMatchObject({ code: 0 })
  })

  it('takes a file without an owner from nobody, and leaves it as it is', async () => {
    const folder = newFolder()
    const path = join(folder, 'inbox.db')
    copyFileSync(seed.path, path)
    const before = readFileSync(path)
    for (const args of [...LOOKS, ['check'], ['retry', '--all', '--dry-run']])
      expect((await typed(['inbox', ...args, '--inbox', path])).err).not.toContain('posthorn')
    expect(readFileSync(path).equals(before)).toBe(true)
    expect(readdirSync(folder)).not.toContain('inbox.db-lock')
  })

  it('opens a file beside its owner, which goes on', async () => {
    const path = join(newFolder(), 'inbox.db')
    const { receiver } = receiverAt(path)
    await receiver.start()
    try {
      await receiver.inject('shop', dumped(bounce(1)))
      await receiver.whenIdle()
      for (const args of LOOKS) expect(await typedApart(['inbox', ...args, '--inbox', path])).toMatchObject({ code: 0 })
      expect(await typedApart(['inbox', 'retry', '--all', '--yes', '--inbox', path])).toMatchObject({ code: 0 })
      await receiver.inject('shop', dumped(bounce(2)))
      await receiver.whenIdle()
      expect(await receiver.inbox.stats()).toMatchObject({ pending: 0, deadLetters: 2 })
    } finally {
      await receiver.close()
    }
  })
})

const idOf = (letter: unknown) => (letter as { event: { id: string } }).event.id

// biome-ignore lint/suspicious/noControlCharactersInRegex: the colours of a terminal
const plain = (text: string) => text.replaceAll(/\x1b\[\d+m/g, '')
