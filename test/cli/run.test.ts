import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { CommanderError } from '@commander-js/extra-typings'
import { describe, expect, it } from 'vitest'
import { complaintOf, exitCodeOf } from '../../src/cli/exit.ts'
import { OptionError, PosthornError } from '../../src/errors.ts'

const root = join(import.meta.dirname, '../..')
const main = join(root, 'src/cli/main.ts')

function posthorn(...args: string[]): Promise<{ code: unknown; out: string; err: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [main, ...args], (error, out, err) => resolve({ code: error?.code ?? 0, out, err }))
  })
}

describe('posthorn', () => {
  it('says what it can do, and its version', async () => {
    const help = { code: 0, err: '', out: expect.stringMatching(/demo.*send.*read.*emulate/s) }
    expect(await posthorn()).toEqual(help)
    expect(await posthorn('--help')).toEqual(help)
    expect(await posthorn('help', 'send')).toMatchObject({ code: 0, out: expect.stringContaining('--to <url>') })
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    expect(await posthorn('--version')).toEqual({ code: 0, err: '', out: `${version}\n` })
  })

  it('refuses what it cannot do with 2, one line on stderr and the nearest word', async () => {
    const unknown = "posthorn: unknown command 'dmo' (Did you mean demo?)\n"
    expect(await posthorn('dmo')).toEqual({ code: 2, out: '', err: unknown })
    const option = "posthorn demo: unknown option '--prot' (Did you mean --port?)\n"
    expect(await posthorn('demo', '--prot', '1')).toEqual({ code: 2, out: '', err: option })
    expect(await posthorn('demo', '--port', 'a')).toMatchObject({
      code: 2,
      err: expect.stringMatching(/^posthorn.*--port/),
    })
    expect(JSON.parse((await posthorn('dmo', '--json')).err)).toMatchObject({ error: 'ERR_OPTION' })
  })

  it('ends quietly when nobody reads on', async () => {
    const child = spawn(process.execPath, [main, '--help'], { stdio: ['ignore', 'pipe', 'pipe'] })
    let err = ''
    child.stderr.on('data', (chunk) => {
      err += chunk
    })
    child.stdout.destroy()
    const [code] = await once(child, 'close')
    expect([code, err]).toEqual([0, ''])
  })
})

describe.skipIf(process.platform !== 'linux')('on a disk that is full', () => {
  it('says so in a line, and ends with 3', async () => {
    const full = openSync('/dev/full', 'w')
    const child = spawn(process.execPath, [main, '--help'], { stdio: ['ignore', full, 'pipe'] })
    closeSync(full)
    const err = await text(child.stderr as Readable)
    expect(err).toMatch(/^posthorn: the output could not be written: .*ENOSPC.*\n$/)
    expect(child.exitCode ?? (await once(child, 'close'))[0]).toBe(3)
  })
})

describe('the exit code', () => {
  it.each([
    [0, new CommanderError(0, 'commander.help', '(outputHelp)')],
    [2, new CommanderError(1, 'commander.unknownOption', "error: unknown option '--x'")],
    [2, new OptionError('a wrong option')],
    [2, new OptionError('a wrong pattern', 'ERR_PATTERN')],
    [3, new PosthornError('ERR_INBOX_OWNED', 'another process has it')],
    [3, Object.assign(new Error('listen EADDRINUSE'), { code: 'EADDRINUSE', syscall: 'listen' })],
    [1, new PosthornError('ERR_DELIVERY_REFUSED', 'answered 401')],
    [1, new Error('a fault of ours')],
    [1, 'not even an error'],
  ] as const)('is %i for %s', (code, error) => {
    expect(exitCodeOf(error)).toBe(code)
  })

  it('comes with a line, or with one JSON object', () => {
    const error = new PosthornError('ERR_INBOX_OWNED', 'another process has it')
    expect(complaintOf(error, 'posthorn demo', false)).toBe('posthorn demo: another process has it\n')
    expect(JSON.parse(complaintOf(error, 'posthorn demo', true))).toEqual({
      error: 'ERR_INBOX_OWNED',
      message: 'another process has it',
    })
  })
})
