import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { emulateMomentum } from 'posthorn/emulators'
import { describe, expect, it, vi } from 'vitest'
import * as auth from '../src/auth/index.ts'
import { ANSWERS } from '../src/errors.ts'

const root = join(import.meta.dirname, '..')
const read = (file: string) => readFileSync(join(root, file), 'utf8')
const linesOf = (code: string) => code.split('\n').map((line) => line.trim())

describe.each([
  ['authentication', 30],
  ['metadata', 15],
  ['reading', 15],
])('the document of %s', (name, atLeast) => {
  const text = read(`docs/${name}.md`)

  it('shows lines of a program that compiles', () => {
    const program = linesOf(read(`examples/${name}.ts`))
    const shown = [...text.matchAll(/```ts\n([\s\S]*?)```/g)].flatMap(([, code]) => linesOf(code ?? ''))
    expect(shown.length).toBeGreaterThan(atLeast)
    expect(shown.filter((line) => line !== '' && !program.includes(line))).toEqual([])
  })

  it('links to files that are there', () => {
    const links = [...text.matchAll(/\]\(\.\.\/examples\/([^)]+)\)/g)].map(([, link]) => link)
    expect(links.length).toBeGreaterThan(0)
    for (const link of links) expect(readdirSync(join(root, 'examples'))).toContain(link)
  })
})

describe('the document of authentication', () => {
  it('has every kind there is, and the program too', () => {
    const [text, program] = [read('docs/authentication.md'), read('examples/authentication.ts')]
    const kinds = Object.values(auth).map((kind) => kind.name)
    expect(kinds.length).toBe(10)
    for (const kind of kinds) {
      expect(text).toContain(`**\`${kind}\`**`)
      expect(program).toMatch(new RegExp(`\\b${kind}\\(`))
    }
  })
})

describe('the document of answers', () => {
  const page = readFileSync(join(root, 'docs/answers.md'), 'utf8')
  const rows = page
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .slice(1)
    .map((line) => line.split('|').map((cell) => cell.trim().replaceAll('`', '')))

  it('has a row for every code, with its status', () => {
    const told = rows.filter(([, , , code]) => code !== '').map(([, , status, code]) => [code, status])
    // Of a sender that has left nobody sees the answer.
    const answers = Object.entries(ANSWERS).map(([code, { status }]) => [
      code,
      code === 'body_aborted' ? 'none' : `${status}`,
    ])
    expect(told.sort()).toEqual(answers.sort())
  })

  it('says when to come again wherever the answer does', () => {
    const again = Object.values(ANSWERS).filter(({ retryAfter }) => retryAfter !== null)
    expect(new Set(again.map(({ status }) => status))).toEqual(new Set([503]))
    expect(Object.values(ANSWERS).filter(({ status }) => status === 503)).toEqual(again)
  })
})

describe('the document of emulators', () => {
  const page = readFileSync(join(root, 'docs/emulators.md'), 'utf8')
  const example = readFileSync(join(root, 'examples/emulators.ts'), 'utf8')

  it('shows lines of a program that runs, and counts to the event', async () => {
    const shown = [...page.matchAll(/```ts\n([\s\S]*?)```/g)].flatMap(([, code]) => linesOf(code ?? ''))
    expect(shown.length).toBeGreaterThan(10)
    expect(shown.filter((line) => line !== '' && !linesOf(example).includes(line))).toEqual([])
    const log = vi.spyOn(console, 'log').mockImplementation(() => {})
    await import('../examples/emulators.ts')
    expect(log).toHaveBeenCalledOnce()
    log.mockRestore()
  })

  it('names options that are there, and every field of a report', () => {
    const named = [...page.matchAll(/^\| [^|]+ \| `(\w+)` \|/gm)].map(([, option]) => option)
    expect(named.length).toBe(8)
    for (const option of named)
      expect(() => emulateMomentum({ [option as string]: Symbol('wrong') } as never)).not.toThrow(/has no option/)
    const report = Object.keys(emulateMomentum().report())
    expect(report.filter((field) => !page.includes(`\`${field}\``))).toEqual([])
  })
})
