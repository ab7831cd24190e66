import { execFile } from 'node:child_process'
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const run = promisify(execFile)
const root = join(import.meta.dirname, '../..')
const modules = join(root, 'node_modules')
const folder = mkdtempSync(join(tmpdir(), 'posthorn-types-'))
const MINUTES = 60_000

/** Ends like a shell: with the exit code and all that was written. */
const ends = (file: string, ...args: string[]) =>
  run(file, args, { cwd: folder, maxBuffer: 1 << 24 }).then(
    ({ stdout, stderr }) => ({ code: 0, output: stdout + stderr }),
    ({ code, stdout, stderr }) => ({ code, output: stdout + stderr }),
  )

/** A project of somebody who has installed the package as it is built: the examples, and our own tests of the types. */
beforeAll(async () => {
  const installed = join(folder, 'node_modules')
  await run(process.execPath, [join(root, 'scripts/build.ts'), join(installed, 'posthorn/dist')])
  cpSync(join(root, 'package.json'), join(installed, 'posthorn/package.json'))
  for (const name of ['@types', '@hono', 'express', 'fastify', 'hono', 'fastify-plugin'])
    symlinkSync(join(modules, name), join(installed, name))
  cpSync(join(root, 'examples'), folder, { recursive: true })
  mkdirSync(join(folder, 'own'))
  for (const file of globSync('test/types/*.ts', { cwd: root, exclude: ['**/*.test.ts'] }))
    cpSync(join(root, file), join(folder, 'own', basename(file)))
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module' }))
  writeEveryEntry()
}, 5 * MINUTES)

afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Every entry of the exports map, in a program that checks declarations too. */
function writeEveryEntry(): void {
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const entries = Object.keys(exports).filter((entry) => entry !== './package.json')
  const lines = entries.map((entry, n) => `import * as e${n} from '${entry.replace('.', 'posthorn')}'\nvoid e${n}`)
  mkdirSync(join(folder, 'entries'))
  writeFileSync(join(folder, 'entries/all.ts'), `${lines.join('\n')}\n`)
  const config = JSON.stringify({ extends: '../tsconfig.json', include: ['*.ts'] })
  writeFileSync(join(folder, 'entries/tsconfig.json'), config)
}

const COMPILERS = [
  ['5.9', 'typescript5'],
  ['6.0', 'typescript6'],
  ['7.0', 'typescript'],
] as const

describe.each(COMPILERS)('TypeScript %s', (version, name) => {
  const tsc = (...args: string[]) => ends(process.execPath, join(modules, name, 'bin/tsc'), ...args)

  it('is the compiler it says', async () => {
    expect(await tsc('--version')).toEqual({ code: 0, output: expect.stringContaining(`Version ${version}.`) })
  })

  it(
    'takes the examples and our own tests of the types',
    async () => {
      expect(await tsc('-p', '.', '--skipLibCheck')).toEqual({ code: 0, output: '' })
    },
    5 * MINUTES,
  )

  it(
    'takes the declarations of every entry',
    async () => {
      const { output } = await tsc('-p', 'entries')
      expect(output.split('\n').filter((line) => line.includes('posthorn'))).toEqual([])
    },
    5 * MINUTES,
  )

  it(
    'refuses a misspelt event, so the types are there',
    async () => {
      const wrong = readFileSync(join(folder, 'express.ts'), 'utf8').replace("'momentum.click'", "'momentum.clik'")
      mkdirSync(join(folder, `wrong-${name}`))
      writeFileSync(join(folder, `wrong-${name}/express.ts`), wrong)
      writeFileSync(join(folder, `wrong-${name}/tsconfig.json`), JSON.stringify({ extends: '../tsconfig.json' }))
      const { code, output } = await tsc('-p', `wrong-${name}`, '--skipLibCheck')
      expect(code).not.toBe(0)
      expect(output).toContain('momentum.clik')
    },
    5 * MINUTES,
  )
})

describe('the examples', () => {
  it('are ten, and each names what it imports by the name of the package', () => {
    const files = globSync('*.ts', { cwd: join(root, 'examples') })
    expect(files).toHaveLength(10)
    for (const file of files)
      expect(readFileSync(join(root, 'examples', file), 'utf8'), file).not.toMatch(/from '\.\.?\//)
  })

  it('of testing a handler passes on the package as built', async () => {
    const { code, output } = await ends(
      process.execPath,
      '--test',
      '--test-reporter=tap',
      join(folder, 'handler.test.ts'),
    )
    expect([code, output]).toEqual([0, expect.stringMatching(/^# pass 3$/m)])
  })
})

describe('the package as built', () => {
  it('has every file that its exports map and its bin name', () => {
    const installed = join(folder, 'node_modules/posthorn')
    const { exports, bin } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'))
    const files = [Object.values(exports), Object.values(bin)].flat(2).flatMap((entry) => Object.values([entry].flat()))
    for (const entry of files) {
      const paths = typeof entry === 'string' ? [entry] : Object.values(entry as Record<string, string>)
      for (const path of paths) expect(existsSync(join(installed, path)), path).toBe(true)
    }
    expect(dirname(installed)).toBe(join(folder, 'node_modules'))
  })
})
