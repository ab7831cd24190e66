import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import * as auth from '../src/auth/index.ts'
import { sampleEvent } from '../src/testing/index.ts'

const root = join(import.meta.dirname, '..')
const linesOf = (code: string) => code.split('\n').map((line) => line.trim())
const read = (path: string) => readFileSync(join(root, path), 'utf8')
const text = read('docs/authentication.md')
const program = linesOf(read('examples/authentication.ts'))

/** The lines of the programs in a document. */
const shownIn = (document: string) =>
  [...document.matchAll(/```ts\n([\s\S]*?)```/g)].flatMap(([, code]) => linesOf(code ?? ''))

describe('the document of authentication', () => {
  it('shows lines of a program that compiles', () => {
    const shown = shownIn(text)
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

describe('the document of schemas', () => {
  const schemas = read('docs/schemas.md')

  it('shows lines of a program that compiles', () => {
    const lines = linesOf(read('examples/schemas.ts'))
    expect(shownIn(schemas).length).toBeGreaterThan(30)
    expect(shownIn(schemas).filter((line) => line !== '' && !lines.includes(line))).toEqual([])
  })

  it('names schemas and files that are there', async () => {
    const table = schemas.slice(schemas.indexOf('| level'), schemas.indexOf('The name of an event'))
    const words = [...table.matchAll(/`([\w/.-]+)`/g)].map(([, word = '']) => word)
    const names = Object.keys(await import('../src/zod/index.ts'))
    const files = words.filter((word) => word.endsWith('.json'))
    const code = words.filter((word) => /^[a-z]+[A-Z]\w+$/.test(word))
    expect([files.length, code.length]).toEqual([10, 11])
    for (const file of files) expect(readdirSync(join(root, 'schemas'), { recursive: true })).toContain(file)
    for (const name of code) expect(names).toContain(name)
  })
})

it('the program of the schemas does what its document says', async () => {
  const { fixture, fromQueue, isTrackEvent, links, messageIds } = await import('../examples/schemas.ts')
  const open = { type: 'open' }
  expect(links([{ msys: { track_event: fixture } }, { msys: { track_event: open } }])).toEqual([
    fixture.target_link_url,
  ])
  expect([isTrackEvent(open), isTrackEvent({ type: 'bounce' })]).toEqual([true, false])
  expect(messageIds('{"event":"open","MessageID":1152921540137429011}')).toEqual(['1152921540137429011'])
  const event = sampleEvent('momentum.bounce', {}, { as: 'bounced' })
  expect(fromQueue(JSON.stringify(event))).toBe(`${event.email} bounced, hard`)
})
