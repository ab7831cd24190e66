/** `npm run release`, over a project of its own with a git of its own and a registry of its own. */
import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { billOf } from '../../scripts/sbom.ts'
import { packed } from '../support/installed.ts'

const root = join(import.meta.dirname, '../..')
const pass = 'node -e 0'
const READY = {
  name: 'carrier',
  version: '1.2.0',
  repository: 'github:example/carrier',
  homepage: 'https://carrier.example',
  bugs: 'https://carrier.example/bugs',
  scripts: { check: pass, knip: pass, build: pass, publint: pass, attw: pass, test: pass },
}

let registry: Server
/** What the registry has of the package; null: it does not know it. */
let published: readonly string[] | null
let folder: string

beforeAll(async () => {
  registry = createServer((_request, response) => {
    if (published === null)
      return response.writeHead(404, { 'content-type': 'application/json' }).end('{"error":"not found"}')
    const versions = Object.fromEntries(published.map((version) => [version, { name: 'carrier', version }]))
    const latest = published.at(-1)
    response.writeHead(200, { 'content-type': 'application/json' })
    return response.end(JSON.stringify({ name: 'carrier', 'dist-tags': { latest }, versions }))
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => registry.once('listening', resolve))
})
afterAll(() => registry.close())

const git = (...args: string[]) =>
  execFileSync('git', ['-c', 'user.name=A', '-c', 'user.email=a@example.com', ...args], { cwd: folder, stdio: 'pipe' })
const write = (name: string, text: string) => writeFileSync(join(folder, name), text)

/** A project that may be released, with these changes to its manifest. */
function project(changes: object = {}): void {
  write('package.json', JSON.stringify({ ...READY, ...changes }))
  write('CHANGELOG.md', '# Changelog\n\n## 1.2.0 (2026-11-29)\n\n- Carries further.\n\n## 1.1.0\n\n- Carries.\n')
  git('add', '--all')
  git('commit', '--quiet', '--allow-empty', '--message', 'As it is')
}

beforeEach(() => {
  published = ['1.0.0', '1.1.0']
  folder = mkdtempSync(join(tmpdir(), 'posthorn-release-'))
  git('init', '--quiet', '--initial-branch', 'main')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

async function release(): Promise<{ code: number | null; reasons: string[]; text: string }> {
  const { port } = registry.address() as AddressInfo
  const env = {
    ...process.env,
    npm_config_registry: `http://127.0.0.1:${port}`,
    npm_config_cache: join(folder, '.git/npm'),
    npm_config_fetch_retries: '0',
  }
  const child = spawn(process.execPath, [join(root, 'scripts/release.ts')], { cwd: folder, env })
  let text = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (data) => (text += data))
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { code, text, reasons: [...text.matchAll(/^- (\w+):/gm)].map(([, reason = '']) => reason) }
}

describe('npm run release', { timeout: 120_000 }, () => {
  it('says how to go on where all is green', async () => {
    project()
    expect(await release()).toMatchObject({ code: 0, reasons: [], text: expect.stringContaining('git tag v1.2.0') })
  })

  it('takes a package that nobody has published yet', async () => {
    published = null
    project()
    expect(await release()).toMatchObject({ code: 0, reasons: [] })
  })

  it('refuses a project without an address, as this one is', async () => {
    project({ repository: undefined, homepage: undefined, bugs: undefined })
    expect(await release()).toMatchObject({ code: 1, reasons: ['address', 'address', 'address'] })
  })

  it('tells at once all that is wrong in the repository', async () => {
    project({ version: '1.3.0' })
    git('switch', '--quiet', '--create', 'side')
    git('commit', '--quiet', '--allow-empty', '--message', 'Beside')
    git('tag', 'v1.3.0', 'main')
    write('left.txt', 'not committed')
    expect(await release()).toMatchObject({ code: 1, reasons: ['branch', 'tree', 'tag', 'changelog'] })
  })

  it.each([
    ['says that it is not released', '## 1.2.0 (unreleased)\n\n- Carries further.\n'],
    ['is empty', '## 1.2.0\n\n## 1.1.0\n\n- Carries.\n'],
  ])('refuses a changelog whose section %s', async (_, text) => {
    project()
    write('CHANGELOG.md', text)
    git('commit', '--quiet', '--all', '--message', 'Other')
    expect(await release()).toMatchObject({ code: 1, reasons: ['changelog'] })
  })

  it('refuses a version that the registry has', async () => {
    published = ['1.2.0']
    project()
    expect(await release()).toMatchObject({ code: 1, reasons: ['registry'] })
  })

  it('refuses where a script is red, and asks each of them', async () => {
    const noting = (name: string) => `node -e "fs.appendFileSync('.git/asked', '${name} ')"`
    const scripts = Object.fromEntries(Object.keys(READY.scripts).map((name) => [name, noting(name)]))
    project({ scripts: { ...scripts, test: `${noting('test')} && exit 1` } })
    expect(await release()).toMatchObject({
      code: 1,
      reasons: ['red'],
      text: expect.stringContaining('npm run test fails'),
    })
    expect(readFileSync(join(folder, '.git/asked'), 'utf8')).toBe('check knip build publint attw test ')
    project({ scripts: { ...scripts, check: 'exit 1' } })
    expect(await release()).toMatchObject({
      code: 1,
      reasons: ['red'],
      text: expect.stringContaining('npm run check fails'),
    })
  })

  it('refuses where a script is missing, or changes files', async () => {
    project({ scripts: { ...READY.scripts, attw: undefined } })
    expect(await release()).toMatchObject({ code: 1, reasons: ['script'] })
    project({ scripts: { ...READY.scripts, build: `node -e "fs.writeFileSync('made.txt', '')"` } })
    expect(await release()).toMatchObject({ code: 1, reasons: ['tree'] })
  })
})

it('lists in the bill of materials what is installed and what is built in, and no tool', async () => {
  // Where it was built: `dist` of this folder may be older.
  const licences = await packed()
  const made = mkdtempSync(join(tmpdir(), 'posthorn-bill-'))
  for (const name of ['package.json', 'package-lock.json']) execFileSync('cp', [join(root, name), made])
  execFileSync('cp', ['-r', join(licences, 'dist'), made])
  const names = billOf(made).components.map(({ name }) => name)
  rmSync(made, { recursive: true, force: true })
  expect(names).toEqual(expect.arrayContaining(['fastify-plugin', 'jose', 'preact', 'commander']))
  for (const tool of ['vitest', 'typescript', 'knip']) expect(names).not.toContain(tool)
}, 300_000)
