import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const root = join(import.meta.dirname, '..')
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const entries = Object.keys(manifest.exports).map((entry) => entry.replace('.', 'posthorn'))
const errors = new Set(readFileSync(join(root, 'src/errors.ts'), 'utf8').match(/ERR_\w+/g))

/** Texts of the sources and pages of the docs, by file: what a user reads. */
const texts = [
  ...globSync('src/**/*.ts', { cwd: root }).map((file) => ({ file, text: withoutComments(read(file)) })),
  ...['README.md', ...globSync('docs/*.md', { cwd: root })].map((file) => ({ file, text: read(file) })),
]

function read(file: string): string {
  return readFileSync(join(root, file), 'utf8')
}

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/^\s*\/\/.*$/gm, '')
}

/** `file: name` for each name that `pattern` finds and `isThere` does not know. */
function missing(pattern: RegExp, isThere: (name: string) => boolean): string[] {
  const found = texts.flatMap(({ file, text }) =>
    [...text.matchAll(pattern)].map((match) => [file, match[1] ?? ''] as const),
  )
  expect(found.length).toBeGreaterThan(3)
  return found.filter(([, name]) => !isThere(name)).map(([file, name]) => `${file}: ${name}`)
}

it('names entries of the package that there are', () => {
  // The made-up sender of docs/add-a-sender.md.
  const others = ['posthorn/package.json', 'posthorn/pigeon']
  const known = (name: string) => entries.includes(name) || /^posthorn\/schemas\b/.test(name) || others.includes(name)
  expect(missing(/(?<![\w/@.:-])(posthorn\/[a-z][\w./-]*\w)/g, known)).toEqual([])
})

it('names error codes that there are', () => {
  // Codes of Node and of packages stand beside ours; ERR_INBOX_ and ERR_API_ are what ours begin with, ERR_INTERNAL and ERR_NOT_CONFIRMED the command line's own.
  const foreign = (name: string) =>
    /^ERR_(HTTP|STREAM|SQLITE|MODULE|UNSUPPORTED|JW|INVALID|FST|WORKER|DLOPEN|ACCESS|SERVER|INTERNAL$|NOT_CONFIRMED$|INBOX_$|API_$)/.test(
      name,
    )
  expect(missing(/\b(ERR_[A-Z_]+)\b/g, (name) => errors.has(name) || foreign(name))).toEqual([])
})

it('names pages of the docs that there are', () => {
  expect(missing(/\b(docs\/[\w-]+\.md)/g, (name) => existsSync(join(root, name)))).toEqual([])
})

it('recommends no store that the package has no inbox for', () => {
  const inboxes = entries.filter((entry) => /^posthorn\/(memory|sqlite|postgres)$/.test(entry))
  expect(inboxes.length).toBeGreaterThan(1)
  const stores = { PostgreSQL: 'posthorn/postgres', MySQL: 'posthorn/mysql', Redis: 'posthorn/redis' }
  const unknown = Object.entries(stores).filter(([, entry]) => !inboxes.includes(entry))
  const named = texts
    // A forwarder has the name of its broker.
    .filter(({ file }) => file.startsWith('src/') && !file.startsWith('src/forwarders/'))
    .flatMap(({ file, text }) =>
      unknown.filter(([store]) => text.includes(store)).map(([store]) => `${file}: ${store}`),
    )
  expect(named).toEqual([])
})
