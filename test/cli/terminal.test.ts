/** On a real terminal: a pseudo-terminal of `script`, which other systems than Linux have in other forms. */
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { seeded, typed } from './inbox-file.ts'

const main = join(import.meta.dirname, '../../src/cli/main.ts')
const hasScript = process.platform === 'linux' && canRun('script', '--version')

function canRun(...[command = '', ...args]: string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

interface Screen {
  readonly code: number | null
  /** Everything that was written to the terminal, its echo too. */
  readonly text: string
}

/** Of somebody at a terminal: no CI, which Node takes for one without colours. */
const { CI: _, NO_COLOR: __, ...others } = process.env
const terminalEnv = { ...others, TERM: 'xterm' }

/** Types `answers[question]` when the question stands on the screen. */
function onTerminal(
  args: readonly string[],
  columns: number,
  answers: Readonly<Record<string, string>> = {},
  env = {},
) {
  const command = `stty cols ${columns}; exec ${[process.execPath, main, ...args].map(quoted).join(' ')}`
  const child = spawn('script', ['-qec', command, '/dev/null'], {
    env: { ...terminalEnv, ...env },
  })
  const waiting = new Map(Object.entries(answers))
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (chunk) => {
    text += chunk
    for (const [question, answer] of waiting) {
      if (!text.includes(question)) continue
      waiting.delete(question)
      child.stdin.write(answer)
    }
  })
  return new Promise<Screen>((resolve) => {
    child.once('close', (code) => resolve({ code, text: text.replaceAll('\r\n', '\n') }))
  })
}

const quoted = (word: string) => `'${word.replaceAll("'", "'\\''")}'`
const deadIn = async (path: string) =>
  JSON.parse((await typed(['inbox', 'stats', '--json', '--inbox', path])).out).deadLetters

describe.skipIf(!hasScript)('on a terminal', () => {
  it('shows what would be done, and does nothing but after a yes', async () => {
    const { path } = await seeded()
    const drop = ['inbox', 'drop', 'handler:suppress', '--inbox', path]
    for (const no of ['n\n', '\n', 'nay\n', '\x04']) {
      const { code, text } = await onTerminal(drop, 80, { '[y/N]': no })
      expect(code).toBe(4)
      expect(text).toContain('2 failures and events to be given up, for good')
      expect(text).toContain('Nothing was changed.')
    }
    expect(await deadIn(path)).toBe(2)
    expect(await onTerminal(drop, 80, { '[y/N]': 'y\n' })).toMatchObject({
      code: 0,
      text: expect.stringContaining('2 of 2'),
    })
    expect(await deadIn(path)).toBe(0)
  })

  it('ends with 130 at Ctrl-C, in the place of an answer, and has changed nothing', async () => {
    const { path } = await seeded()
    const { code, text } = await onTerminal(['inbox', 'retry', '--all', '--inbox', path], 80, { '[y/N]': '\x03' })
    expect([code, text]).toEqual([130, expect.stringContaining('Nothing was changed.')])
    expect(await deadIn(path)).toBe(2)
  })

  it.each([40, 80, 200])('fits %i columns and cuts nothing, with colours unless NO_COLOR is set', async (columns) => {
    const { path } = await seeded()
    const look = ['inbox', 'dead', '--inbox', path]
    const coloured = await onTerminal(look, columns)
    expect(coloured.text).toContain('\x1b[2m')
    const plain = await onTerminal(look, columns, {}, { NO_COLOR: '1' })
    expect(plain.text).not.toContain('\x1b[')
    const chosen = await onTerminal([...look, '--no-color'], columns, {}, { FORCE_COLOR: '1' })
    expect(chosen.text).toBe(plain.text)
    const lines = plain.text.trimEnd().split('\n')
    const text = plain.text.replaceAll(/\s+/g, ' ')
    expect(text.match(/1 connect ECONNREFUSED 127\.0\.0\.1:5432/g)).toHaveLength(2)
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(columns)
  })

  it('is drawn anew on a screen of its own by --watch, and leaves what was seen last', async () => {
    const { path } = await seeded()
    const watch = ['inbox', 'stats', '--inbox', path, '--watch']
    const ended = await onTerminal(watch, 80, { 'Ctrl-C ends it': '\x03' }, { NO_COLOR: '1' })
    expect(ended.code).toBe(0)
    const [before, during = '', after = ''] = ended.text.replace('\x1b[?1049l', '\x1b[?1049h').split('\x1b[?1049h')
    expect(before).toBe('')
    expect(during).toContain('dead letters')
    expect(after).toMatch(/^dead letters +2$/m)
  })

  it('ends with 3 and one line on stderr where the output cannot be written', async () => {
    const { path } = await seeded()
    const list = [process.execPath, main, 'inbox', 'events', '--json', '--inbox', path].map(quoted).join(' ')
    const ended = spawnSync('bash', ['-c', `${list} > /dev/full`], { encoding: 'utf8' })
    expect([ended.status, ended.stderr]).toEqual([3, expect.stringMatching(/^posthorn: the output .*ENOSPC.*\n$/)])
  })

  it('ends quietly with what it was to end with when nobody reads on', async () => {
    const { path } = await seeded()
    const piped = `${[process.execPath, main, 'inbox', 'dead', '--inbox', path].map(quoted).join(' ')} | true`
    expect(execFileSync('bash', ['-c', `set -o pipefail; ${piped}`], { encoding: 'utf8' })).toBe('')
  })
})
