/** The package as npm packs it, required by files of CommonJS. */
import { execFile } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { install, newApplication, PACKS_MS } from './support/installed.ts'

const folder = newApplication('commonjs')
const { exports, typesVersions } = JSON.parse(readFileSync(join(import.meta.dirname, '../package.json'), 'utf8'))
const entries = Object.keys(exports).filter((entry) => !/json$|\*/.test(entry))
const nameOf = (entry: string) => entry.replace('.', 'posthorn')

beforeAll(async () => {
  await install(folder, ['@opentelemetry', 'fastify-plugin', 'jose', 'zod'])
  writeFileSync(join(folder, 'package.json'), '{ "private": true }')
}, PACKS_MS)

afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** What a program writes, a warning of Node too. */
async function run(program: string): Promise<string> {
  writeFileSync(join(folder, 'program.cjs'), program)
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ['program.cjs'], { cwd: folder })
  return stdout + stderr
}

describe('require', () => {
  it.each(entries)('gives what %s exports', async (entry) => {
    const program = `
      const required = Object.keys(require('${nameOf(entry)}'))
      import('${nameOf(entry)}').then((imported) => console.log(JSON.stringify([required, Object.keys(imported)])))`
    const [required, imported] = JSON.parse(await run(program))
    expect(required.length).toBeGreaterThan(0)
    expect(required.sort()).toEqual(imported.sort())
  })

  it('gives a receiver that works, and no warning', async () => {
    const program = `
      const { createServer } = require('node:http')
      const { createReceiver } = require('posthorn')
      const { token } = require('posthorn/auth')
      const { momentum } = require('posthorn/momentum')
      const { webhooks } = require('posthorn/node')
      const { sqlite } = require('posthorn/sqlite')
      const secret = 'a token of some length'
      const sources = { shop: momentum({ auth: token(secret) }) }
      const logger = { info() {}, warn() {}, error: console.error }
      const receiver = createReceiver({ inbox: sqlite({ path: 'inbox.db' }), sources, logger })
      receiver.on('momentum.click', (event) => console.log(event.name))
      const server = createServer(webhooks(receiver)).listen(0, '127.0.0.1', async () => {
        const answer = await fetch('http://127.0.0.1:' + server.address().port + '/shop', {
          method: 'POST',
          headers: { 'x-messagesystems-webhook-token': secret },
          body: '[{"msys":{"track_event":{"type":"click"}}}]',
        })
        await receiver.whenIdle()
        console.log(answer.status)
        server.close()
        server.closeAllConnections()
        await receiver.close()
      })`
    const lines = (await run(program)).split('\n')
    // Of SQLite, which is experimental on the older Nodes, Node warns all the same.
    expect(lines.filter((line) => line !== '' && !/SQLite|--trace-warnings/.test(line))).toEqual([
      'momentum.click',
      '200',
    ])
  })
})

describe('typesVersions', () => {
  it('has every entry, as exports has it', () => {
    const others = entries.filter((entry) => entry !== '.')
    const expected = Object.fromEntries(others.map((entry) => [entry.slice(2), [exports[entry].types]]))
    expect(typesVersions).toEqual({ '*': expected })
  })
})
