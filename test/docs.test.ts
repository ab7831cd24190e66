import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { emulateMomentum } from 'posthorn/emulators'
import { describe, expect, it, vi } from 'vitest'
import * as auth from '../src/auth/index.ts'
import { casesOf } from '../src/conformance/run.ts'
import { SENDER_NAMES, senderCalled } from '../src/conformance/senders.ts'
import { KEYS, NUMBER_KEYS, WORD_KEYS } from '../src/core/filter/keys.ts'
import { COLUMNS, ROWS } from '../src/core/operate/filter-text.ts'
import { FILTERS, LOOKS, OPTIONS } from '../src/core/operate/filters.ts'
import { ANSWERS } from '../src/errors.ts'
import { SAFE_NODES, warningsAbout } from '../src/inboxes/sqlite/file/db/connect.ts'
import { sampleEvent } from '../src/testing/index.ts'

const root = join(import.meta.dirname, '..')
const linesOf = (code: string) => code.split('\n').map((line) => line.trim())
const read = (path: string) => readFileSync(join(root, path), 'utf8')

/** The lines of the programs in a document. */
const shownIn = (document: string) =>
  [...document.matchAll(/```ts\n([\s\S]*?)```/g)].flatMap(([, code]) => linesOf(code ?? ''))

describe.each([
  ['authentication', 30],
  ['clients', 15],
  ['metadata', 15],
  ['reading', 15],
  ['esputnik-workflow', 15],
  ['inbound-mail', 15],
  ['forwarders', 15],
  ['alerts', 30],
])('the document of %s', (name, atLeast) => {
  const text = read(`docs/${name}.md`)

  it('shows lines of a program that compiles', () => {
    const program = linesOf(read(`examples/${name}.ts`))
    const shown = shownIn(text)
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
    expect(kinds.length).toBe(11)
    for (const kind of kinds) {
      expect(text).toContain(`**\`${kind}\`**`)
      expect(program).toMatch(new RegExp(`\\b${kind}\\(`))
    }
  })
})

it('the document of hosts shows lines of the program with tenants', () => {
  const page = read('docs/hosts.md')
  const shown = shownIn(page.slice(page.indexOf('## Sources that come and go'), page.indexOf('## Hosts that stop')))
  expect(shown.length).toBeGreaterThan(5)
  const program = linesOf(read('examples/tenants.ts'))
  expect(shown.filter((line) => line !== '' && !program.includes(line))).toEqual([])
})

describe('the document of the inbox', () => {
  const rows = read('docs/inbox.md')
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.split('|').map((cell) => [...cell.matchAll(/`(\w+)`/g)].map(([, word]) => word)))

  it('has every verb, with the fields and the options that it takes', () => {
    const told = rows.map(([, verb, fields, options]) => [verb?.[0], fields, options])
    const options: Readonly<Record<string, object>> = { ...OPTIONS, ...LOOKS }
    const taken = Object.entries(FILTERS).map(([verb, table]) => [
      verb,
      Object.keys(table),
      Object.keys(options[verb] ?? {}),
    ])
    expect(told).toEqual(taken)
  })
})

describe('which Node', () => {
  const named = (text: string) => text.replaceAll(/\s+/g, ' ')

  it('is told alike by the warning of an older SQLite, the operations and the threat model', () => {
    expect(warningsAbout('3.50.0').join()).toContain(SAFE_NODES)
    for (const page of ['operations', 'threat-model']) expect(named(read(`docs/${page}.md`))).toContain(SAFE_NODES)
  })

  it('begins where the engines of the package begin, in README too', () => {
    const [floor = ''] = /\d+\.\d+/.exec(JSON.parse(read('package.json')).engines.node) ?? []
    expect(named(read('docs/operations.md'))).toContain(`Node 22 from ${floor} on`)
    expect(read('README.md')).toContain(`Node ${floor}`)
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

describe('the document of filters', () => {
  const rows = read('docs/filters.md')
    .split('\n')
    .filter((line) => /^\| `\w+`/.test(line))
    .map((line) => line.split('|').map((cell) => [...cell.matchAll(/`(\w+)`/g)].map(([, word]) => word)))

  it('has every key, with its words', () => {
    const keys = [...Object.keys(WORD_KEYS), ...Object.keys(NUMBER_KEYS)]
    const told = rows.filter(([, names]) => names?.every((name) => keys.includes(name ?? '')))
    expect(told.flatMap(([, names]) => names).sort()).toEqual(keys.sort())
    for (const [key, words] of Object.entries(WORD_KEYS)) {
      const row = told.find(([, names]) => names?.includes(key))
      for (const word of words ?? []) if (key !== 'outcome') expect(row?.[2], key).toContain(word)
    }
  })

  it('has the keys of every verb', () => {
    for (const verb of Object.keys(FILTERS) as (keyof typeof FILTERS)[]) {
      // The last: `message` is a key, too.
      const row = rows.findLast(([, names]) => names?.includes(verb))
      const keys = new Set([...COLUMNS.filter((key) => key in FILTERS[verb]), ...(ROWS[verb] ?? [])])
      const told = row?.[2]?.filter((word) => KEYS.includes(word ?? ''))
      expect(new Set(told?.filter((key) => key !== 'outcome')), verb).toEqual(
        new Set([...keys].filter((key) => key !== 'outcome')),
      )
    }
  })
})

describe('the document of emulators', () => {
  const page = read('docs/emulators.md')
  const example = read('examples/emulators.ts')

  it('shows lines of a program that runs, and counts to the event', async () => {
    const shown = shownIn(page)
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

describe('the document of conformance', () => {
  it('has every case, and for whom it is', () => {
    const rows = [
      ...read('docs/conformance.md').matchAll(/^\| (`[^|]+) \| [^|]+ \| (all|[a-z, ]+)(?:, with `--restart`)? \|$/gm),
    ]
    const told = rows.flatMap(([, ids = '', whom = '']) => [...ids.matchAll(/`([^`]+)`/g)].map(([, id]) => [id, whom]))
    const senders = SENDER_NAMES.flatMap((name) => senderCalled(name) ?? [])
    const having = (id: string) => senders.filter((one) => casesOf(one).some((found) => found.id === id))
    const ids = new Set(senders.flatMap((one) => casesOf(one).map(({ id }) => id)))
    const whomFor = (names: readonly string[]) => (names.length === SENDER_NAMES.length ? 'all' : names.join(', '))
    const cases = [...ids].map((id) => [id, whomFor(having(id).map(({ name }) => name))])
    expect(told.sort()).toEqual(cases.sort())
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
