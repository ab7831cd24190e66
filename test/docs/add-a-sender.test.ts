/** docs/add-a-sender.md, done as it says in a copy of the repository. */
import { spawnSync } from 'node:child_process'
import { cpSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'

const root = join(import.meta.dirname, '../..')
const COPIED = [
  'src',
  'scripts',
  'schemas',
  'README.md',
  'llms.txt',
  'package.json',
  'tsconfig.json',
  'tsconfig.build.json',
]
const LIST = 'src/providers/list.ts'
const at = mkdtempSync(join(tmpdir(), 'posthorn-sender-'))
afterAll(() => rmSync(at, { recursive: true, force: true }))

const page = readFileSync(join(root, 'docs/add-a-sender.md'), 'utf8')
const programs = [...page.matchAll(/^```ts\n\/\/ (\S+)\n([\s\S]*?)^```$/gm)].map(([, path = '', text = '']) => ({
  path,
  text,
}))

/** Of everything that is written by hand or generated, the text by path. */
function everything(): Map<string, string> {
  const files = globSync(['src/**/*', 'schemas/**/*.json', 'docs/*.md', 'llms.txt'], { cwd: at, withFileTypes: true })
  return new Map(
    files
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((file) => [file.slice(at.length + 1).replaceAll('\\', '/'), readFileSync(file, 'utf8')]),
  )
}

function run(...words: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, words, { cwd: at, encoding: 'utf8' })
  return { status, stdout, stderr }
}

let before: Map<string, string>

beforeAll(() => {
  for (const name of COPIED) cpSync(join(root, name), join(at, name), { recursive: true })
  for (const name of globSync('docs/*.{md,json}', { cwd: root })) cpSync(join(root, name), join(at, name))
  for (const name of ['node_modules', 'test']) symlinkSync(join(root, name), join(at, name))
  before = everything()
  for (const { path, text } of programs) {
    mkdirSync(join(at, dirname(path)), { recursive: true })
    writeFileSync(join(at, path), text)
  }
  const list = readFileSync(join(at, LIST), 'utf8')
  const line = "import { sender as pigeon } from './pigeon/sender.ts'\n"
  writeFileSync(
    join(at, LIST),
    list.replace('\nexport', `${line}\nexport`).replace('esputnik] as', 'esputnik, pigeon] as'),
  )
  expect(run('scripts/generate.ts')).toMatchObject({ status: 0, stderr: '' })
}, 120_000)

it('touches its folder and the list; the rest is generated', () => {
  const own = (path: string) => /(^|\/)pigeon(\/|\.generated\.ts$)/.test(path)
  const after = everything()
  const changed = [...after].filter(([path, text]) => before.get(path) !== text).map(([path]) => path)
  expect(changed.filter((path) => !own(path)).sort()).toEqual([
    // The picture.
    'docs/architecture.md',
    'docs/events.md',
    'llms.txt',
    LIST,
    'src/zod/strict/all.generated.ts',
    'src/zod/tolerant/all.generated.ts',
  ])
  expect([...before.keys()].filter((path) => !after.has(path))).toEqual([])
  const generated = changed.filter(own).filter((path) => !programs.some((program) => program.path === path))
  expect(generated.filter((path) => !path.startsWith('schemas/')).sort()).toEqual([
    'src/providers/pigeon/payloads.generated.ts',
    'src/providers/pigeon/validate.generated.ts',
    'src/zod/strict/pigeon.generated.ts',
    'src/zod/tolerant/pigeon.generated.ts',
  ])
  expect(generated).toContain('schemas/pigeon/strict/lost.json')
})

it('compiles, its events and samples typed', () => {
  const files = programs.map(({ path }) => path)
  writeFileSync(
    join(at, 'tsconfig.pigeon.json'),
    JSON.stringify({
      extends: './tsconfig.json',
      compilerOptions: { incremental: false, tsBuildInfoFile: null },
      files,
      include: [],
    }),
  )
  expect(run('node_modules/typescript/bin/tsc', '--noEmit', '-p', 'tsconfig.pigeon.json').stdout).toBe('')
}, 120_000)

it('is received as the page says', () => {
  const program = programs.at(-1)?.path ?? ''
  const said = [...(programs.at(-1)?.text ?? '').matchAll(/^console\.log\(.*\) \/\/ (.*)$/gm)].map(([, line]) => line)
  expect(said).toHaveLength(3)
  expect(run(program).stdout.split('\n').filter(Boolean)).toEqual(said)
})

const LOOK = `
import { strict as assert } from 'node:assert'
import { Registry } from 'prom-client'
import { bearer, unauthenticated } from './src/auth/index.ts'
import { dashboard } from './src/dashboard/index.ts'
import { createReceiver } from './src/index.ts'
import { memory } from './src/inboxes/memory/index.ts'
import { metrics } from './src/prometheus/index.ts'
import { pigeon } from './src/providers/pigeon/index.ts'
import { deliver, sampleEvent } from './src/testing/index.ts'
import { pigeonBody } from './src/zod/index.ts'
import { pigeonLost } from './src/zod/strict/index.ts'

const receiver = createReceiver({
  inbox: memory(),
  sources: { letters: pigeon({ auth: unauthenticated() }) },
  logger: false,
})
receiver.on('pigeon.*', async () => {})
const register = new Registry()
metrics(receiver, { register, names: true })
const board = dashboard(receiver, { auth: bearer('a secret of some length') })
const body = '[{"kind":"lost","why":"a hawk"},{"kind":"fed"},{"kind":"lost","to":{}}]'
const { deadLetters, settled } = await deliver(receiver, 'letters', body)
assert.deepEqual([settled, deadLetters], [3, 0])
await deliver(receiver, 'letters', [sampleEvent('pigeon.arrived')])
assert.match(await register.metrics(), /posthorn_events_total{[^}]*pigeon\\.lost[^}]*} 1/)
const get = (query) =>
  board.handle(new Request('http://ops.example/' + query, { headers: { authorization: 'Bearer a secret of some length' } }))
const shown = await (await get('?view=events')).text()
for (const name of ['pigeon.lost', 'pigeon.unknown', 'pigeon.arrived']) assert.ok(shown.includes(name), name)
assert.deepEqual(pigeonBody.parse([{ kind: 'lost', letter: 7 }]), [{ kind: 'lost', letter: '7' }])
assert.equal(pigeonLost.safeParse({ kind: 'lost', wings: 2 }).success, false)
await receiver.close()
console.log('all of it')
`

it('is on the dashboard, in metrics and in the schemas of zod', () => {
  writeFileSync(join(at, 'look.ts'), LOOK)
  expect(run('look.ts')).toMatchObject({ stdout: 'all of it\n', status: 0 })
})

it('is known to the command line', () => {
  writeFileSync(join(at, 'body.json'), '[{"kind":"lost","letter":90071992547409931},{"kind":"fed"}]')
  const posthorn = (...words: string[]) => run('src/cli/main.ts', ...words)
  const events = JSON.parse(posthorn('read', 'pigeon', 'body.json', '--json').stdout).events
  expect(events).toMatchObject([
    { name: 'pigeon.lost', payload: { letter: '90071992547409931' } },
    { name: 'pigeon.unknown' },
  ])
  expect(posthorn('send', '--list', 'pigeon.lost').stdout).toContain('why')
  expect(posthorn('read', 'pigoen', 'body.json').stderr).toContain('did you mean "pigeon"?')
})
