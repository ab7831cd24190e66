import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { emulateMomentum } from 'posthorn/emulators'
import { describe, expect, it, vi } from 'vitest'
import * as auth from '../src/auth/index.ts'

const root = join(import.meta.dirname, '..')
const text = readFileSync(join(root, 'docs/authentication.md'), 'utf8')
const linesOf = (code: string) => code.split('\n').map((line) => line.trim())
const program = linesOf(readFileSync(join(root, 'examples/authentication.ts'), 'utf8'))

describe('the document of authentication', () => {
  it('shows lines of a program that compiles', () => {
    const shown = [...text.matchAll(/```ts\n([\s\S]*?)```/g)].flatMap(([, code]) => linesOf(code ?? ''))
    expect(shown.length).toBeGreaterThan(30)
    expect(shown.filter((line) => line !== '' && !program.includes(line))).toEqual([])
  })

  it('has every kind there is, and the program too', () => {
    const kinds = Object.values(auth).map((kind) => kind.name)
    expect(kinds.length).toBe(10)
    for (const kind of kinds) {
      expect(text).toContain(`**\`${kind}\`**`)
      expect(program.join('\n')).toMatch(new RegExp(`\\b${kind}\\(`))
    }
  })

  it('links to files that are there', () => {
    for (const [, link = ''] of text.matchAll(/\]\(\.\.\/examples\/([^)]+)\)/g))
      expect(readdirSync(join(root, 'examples'))).toContain(link)
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
