import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import winston from 'winston'
import { loggerOf } from '../../../src/core/base/logger.ts'
import type { Logger } from '../../../src/types.ts'
import { rememberingLogger } from '../../support/log.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

describe('a logger', () => {
  it('gets facts and message as it is given, with itself as this', () => {
    class Own {
      readonly lines: unknown[] = []
      info(...args: unknown[]) {
        this.lines.push(args)
      }
      warn(...args: unknown[]) {
        this.lines.push(args)
      }
      error(...args: unknown[]) {
        this.lines.push(args)
      }
    }
    const own = new Own()
    loggerOf(own).warn({ event: 'delivery.refused', status: 401 }, 'a request was refused')
    expect(own.lines).toEqual([[{ event: 'delivery.refused', status: 401 }, 'a request was refused']])
  })

  it.each([
    ['null', null],
    ['a function', () => {}],
    ['true', true],
    ['one without error', { info() {}, warn() {} }],
    ['one whose warn is no function', { ...rememberingLogger(), warn: 'on' }],
  ])('is refused: %s', (_what, given) => {
    expect(() => loggerOf(given as unknown as Logger)).toThrow(expect.objectContaining({ code: 'ERR_OPTION' }))
  })

  it('of winston gets the message and the facts in its own order, a child of it too', () => {
    const lines: { level: string; message: string; status: number }[] = []
    const stream = new Writable({ objectMode: true, write: (line, _encoding, done) => done(void lines.push(line)) })
    const logger = winston.createLogger({ transports: [new winston.transports.Stream({ stream })], format: plain })
    for (const one of [logger, logger.child({ service: 'mail' })])
      loggerOf(one).error({ event: 'delivery.refused', status: 503 }, 'a delivery could not be stored')
    const line = expect.objectContaining({ level: 'error', message: 'a delivery could not be stored', status: 503 })
    expect(lines).toEqual([line, line])
  })
})

/** Hands on objects, which its stream takes. */
const plain = winston.format((info) => Object.assign(info, { [Symbol.for('message')]: { ...info } }))()

describe('a logger that fails', () => {
  const fault = new Error('the log is down')

  const throws = () => {
    throw fault
  }

  it.each([
    ['throws', throws],
    ['rejects', async () => throws()],
    ['gives what throws when it is looked at', () => Object.defineProperty({}, 'then', { get: throws })],
  ])('has its line written to stderr: it %s', async (_how, fail) => {
    const written = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
    loggerOf({ info: fail, warn: fail, error: fail }).error(
      { event: 'delivery.refused', status: 503 },
      'storage failing',
    )
    await vi.waitFor(() =>
      expect(written.mock.calls.map(([line]) => line)).toEqual([
        'posthorn error: storage failing {"event":"delivery.refused","status":503}\n',
      ]),
    )
  })
})

it('a process whose stderr nobody reads any more goes on', async () => {
  const script = new URL('../../fixtures/closed-stderr.ts', import.meta.url).pathname
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', script])
  child.stderr.destroy()
  await once(child.stderr, 'close')
  child.stdin.write('\n')
  const [written, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')])
  expect([written, code]).toEqual(['405\n405\n405\n', 0])
})
