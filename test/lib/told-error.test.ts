import { describe, expect, it } from 'vitest'
import { ApiError } from '../../src/clients/api/api-error.ts'
import { createReceiver } from '../../src/core/receiver.ts'
import { OptionError, PosthornError } from '../../src/errors.ts'
import { memory } from '../../src/inboxes/memory/index.ts'
import { shortFrames } from '../../src/lib/frames.ts'
import { toldOf } from '../../src/lib/told-error.ts'
import { toy } from '../support/toy.ts'

const here = expect.stringMatching(/told-error\.test\.ts:\d+:\d+\)?$/)

describe('of an error a log line holds', () => {
  it('the message of our own', () => {
    const told = { code: 'ERR_OPTION', errorMessage: 'x must be y' }
    expect(toldOf(new OptionError('x must be y'))).toEqual(told)
  })

  it('the code of what ours stands for', () => {
    const cause = Object.assign(new Error('for jo@shop.example'), { code: 'ENOSPC' })
    expect(toldOf(new PosthornError('ERR_INBOX_IO', 'no room', { cause }))).toEqual({
      ...{ code: 'ERR_INBOX_IO', errorMessage: 'no room', causeCode: 'ENOSPC' },
      frames: expect.arrayContaining([here]),
    })
  })

  it('of any other where it was thrown, and never its message', () => {
    const told = toldOf(new TypeError('a secret of jo@shop.example'))
    expect(told).toEqual({ code: 'TypeError', frames: expect.arrayContaining([here]) })
    expect(JSON.stringify(told)).not.toMatch(/secret|shop\.example/)
  })

  it('the message of our own without an address that a wrong call gave', async () => {
    const receiver = createReceiver({ inbox: memory(), sources: { shop: toy() }, logger: false })
    for (const address of ['jo@shop.example', '"jo doe"@shop.example', 'jo%40shop.example', 'jö@bücher.example']) {
      const error = await receiver.inbox.delivery(address).catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({ code: 'ERR_OPTION', message: expect.stringMatching(/shop|bücher/) })
      expect(toldOf(error)).toMatchObject({
        errorMessage: expect.stringMatching(/^inbox\.delivery: expected the id .*…/),
      })
      expect(JSON.stringify(toldOf(error))).not.toMatch(/shop|doe|bücher/)
    }
    const path = 'no inbox at /srv/@shop/node_modules/x.db'
    expect(toldOf(new PosthornError('ERR_INBOX_IO', path))).toMatchObject({ errorMessage: path })
    await receiver.close()
  })

  it('of a client no words of the API that it called', () => {
    const details = { code: 'ERR_API_REJECTED', status: 400, senderMessage: 'no contact called Jo Doe' } as const
    const told = toldOf(new ApiError('momentum: 400: no contact called Jo Doe', details))
    expect(told).toEqual({ code: 'ERR_API_REJECTED', frames: expect.arrayContaining([here]) })
    const failed = new ApiError('momentum: no connection', { code: 'ERR_API_UNREACHABLE' })
    expect(toldOf(failed)).toEqual({ code: 'ERR_API_UNREACHABLE', errorMessage: 'momentum: no connection' })
  })

  it('of any other the code of its cause too', () => {
    const cause = Object.assign(new Error('connect to jo@shop.example'), { code: 'ECONNREFUSED' })
    const failed = new TypeError('fetch failed', { cause })
    expect(toldOf(failed)).toMatchObject({ code: 'TypeError', causeCode: 'ECONNREFUSED' })
    expect(toldOf(new RangeError('no', { cause: 'a secret' }))).toMatchObject({ causeCode: 'string' })
    const hostile = new Proxy({}, { get: () => raise() })
    expect(toldOf(new RangeError('no', { cause: hostile }))).toMatchObject({ code: 'RangeError', causeCode: 'unknown' })
  })

  it('of a DOMException its name, not the number that it has as its code', () => {
    for (const name of ['AbortError', 'TimeoutError', 'OperationError'])
      expect(toldOf(new DOMException('of jo@shop.example', name))).toMatchObject({ code: name })
  })

  it.each([
    ['a text', 'a secret', 'string'],
    ['nothing', undefined, 'undefined'],
    ['an object', { message: 'a secret', stack: 7 }, 'object'],
  ])('of %s its kind', (_what, thrown, code) => {
    expect(toldOf(thrown)).toEqual({ code })
  })

  it('of what cannot be looked at that', () => {
    const hostile = new Proxy({}, { get: () => raise(), getPrototypeOf: () => raise() })
    expect(toldOf(hostile)).toEqual({ code: 'unknown' })
  })
})

function raise(): never {
  throw new Error('no')
}

describe('frames', () => {
  it('are not looked for in lines that are too long for one', () => {
    const frame = (length: number) => `at x (/app/${'x'.repeat(length)}.ts:1:1)`
    expect(shortFrames([frame(6_000), frame(10)])).toEqual(['x (/app/xxxxxxxxxx.ts:1:1)'])
  })

  it('are short: from the name of the package on, without those of Node, at most five', () => {
    const frames = [
      'at receive (file:///home/jo/app/node_modules/.pnpm/posthorn@0.1.0/node_modules/posthorn/dist/index.js:41:7)',
      'at node:internal/process/task_queues:95:5',
      'at async process.processTicksAndRejections (node:internal/process/task_queues:103:5)',
      'at file:///app/main.mjs:3:40123',
      'at /srv/jo@shop.example/app/main.mjs:1:1',
      'at Object.jo@shop.example (/app/main.mjs:1:1)',
      ...Array.from({ length: 9 }, (_, n) => `at x (C:\\app\\node_modules\\posthorn\\dist\\node.js:${n}:1)`),
    ]
    expect(shortFrames(frames)).toEqual([
      'receive (posthorn/dist/index.js:41:7)',
      '/app/main.mjs:3:40123',
      ...[0, 1, 2].map((n) => `x (posthorn\\dist\\node.js:${n}:1)`),
    ])
  })
})
