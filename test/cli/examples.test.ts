/** Every example of docs/cli.md, run; and every answer with `--json` held to its published schema. */
import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { createReceiver } from 'posthorn'
import { unauthenticated } from 'posthorn/auth'
import { memory } from 'posthorn/memory'
import { momentum } from 'posthorn/momentum'
import { webhooks } from 'posthorn/node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { commandNames } from '../../scripts/docs/cli.ts'
import { EXAMPLES, SERVER } from '../../scripts/docs/cli-examples.ts'
import { CLI_SCHEMAS, fileOf } from '../../scripts/schema/cli.ts'
import { bounce, dumped, objectsOf, seeded } from './inbox-file.ts'

const root = join(import.meta.dirname, '../..')
const main = join(root, 'src/cli/main.ts')
const src = (file: string) => JSON.stringify(pathToFileURL(join(root, 'src', file)).href)
/** What their own tests run, over a minute, without an end, or beside a database. */
const ELSEWHERE = ['demo', 'inbox copy', 'inbox migrate']

const CONFIG = `import { unauthenticated } from ${src('auth/index.ts')}
import { defineConfig } from ${src('index.ts')}
import { sqlite } from ${src('inboxes/sqlite/index.ts')}
import { mailjet } from ${src('providers/mailjet/index.ts')}
import { momentum } from ${src('providers/momentum/index.ts')}
const auth = unauthenticated()
export default defineConfig({
  inbox: sqlite({ path: './inbox.db', ownerWaitMs: 0 }),
  sources: { shop: momentum({ auth }), news: mailjet({ auth }) },
})`

/** A receiver without credentials; until these tests have ended. */
async function server(): Promise<string> {
  const sources = { shop: momentum({ auth: unauthenticated() }) }
  const receiver = createReceiver({ inbox: memory(), sources, logger: false })
  receiver.on('*', { name: 'all' }, () => {})
  const host = createServer(webhooks(receiver))
  await new Promise<void>((resolve) => host.listen(0, '127.0.0.1', resolve))
  afterAll(async () => {
    host.close()
    await receiver.close({ timeoutMs: 0 })
  })
  return `http://127.0.0.1:${(host.address() as AddressInfo).port}/webhooks/shop`
}

let folder: string
let words: Readonly<Record<string, string>>

async function ran(line: string, folderOf = folder) {
  const child = spawn(
    'sh',
    ['-c', Object.entries(words).reduce((text, [word, value]) => text.replaceAll(word, value), line)],
    {
      cwd: folderOf,
      env: {
        ...process.env,
        XDG_STATE_HOME: join(folderOf, 'state'),
        SPARKPOST_API_KEY: undefined,
        MAILJET_API_KEY: undefined,
      },
    },
  )
  let [out, err] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text) => {
    out += text
  })
  child.stderr.setEncoding('utf8').on('data', (text) => {
    err += text
  })
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { code, out, err }
}

beforeAll(async () => {
  const target = await server()
  const { folder: made } = await seeded()
  folder = made
  writeFileSync(join(folder, 'posthorn.config.ts'), CONFIG)
  writeFileSync(join(folder, 'body.json'), dumped(bounce(1)))
  words = { posthorn: `'${process.execPath}' '${main}'`, [SERVER]: target }
  const [, , second, first] = objectsOf((await ran('posthorn inbox ls --json')).out)
  words = { ...words, '<delivery>': String(first?.id), '<other>': String(second?.id), '<event>': `${first?.id}.0` }
})

describe('the document of the command line', () => {
  it('has an example of each command', () => {
    expect(Object.keys(EXAMPLES).sort()).toEqual(commandNames().sort())
  })
})

describe('--json', () => {
  const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, validateFormats: false })
  const check = (command: string) => {
    const schema = JSON.parse(readFileSync(join(root, 'schemas', fileOf(command)), 'utf8'))
    return ajv.getSchema(schema.$id) ?? ajv.compile(schema)
  }

  it('is described for every command that has it in inbox, forward, doctor, bench-disk and serve', () => {
    const named = commandNames().filter((name) => /^(inbox |forward|doctor|serve|bench-disk)/.test(name))
    expect(Object.keys(CLI_SCHEMAS).sort()).toEqual(named.sort())
  })

  const described = Object.keys(EXAMPLES).filter((name) => !ELSEWHERE.includes(name))
  it.each(described)('%s: its examples run, and their JSON fits the schema', async (name) => {
    for (const { line, codes = [0] } of EXAMPLES[name] ?? []) {
      const ended = await ran(line)
      expect(codes, `${line}: ${ended.err}`).toContain(ended.code)
      if (CLI_SCHEMAS[name] === undefined || /--body|--fields|--after/.test(line)) continue
      const { out } = await ran(
        line.includes('--json') ? line : `${line.replace(/ >.*/, '').replace('copy.db', 'copy2.db')} --json`,
      )
      const validate = check(name)
      const objects = objectsOf(out)
      if (!['inbox dead', 'inbox events', 'inbox diff'].includes(name)) expect(objects).not.toEqual([])
      for (const object of objects) expect([object, validate(object), validate.errors]).toEqual([object, true, null])
    }
  })

  it('is described for errors too', async () => {
    const validate = check('error')
    for (const line of [
      'posthorn inbox ls --inbox nope.db --json',
      'posthorn nope --json',
      'posthorn inbox drop --all --json',
    ]) {
      const { err } = await ran(line)
      expect([err, validate(JSON.parse(err))]).toEqual([err, true])
    }
  })
})
