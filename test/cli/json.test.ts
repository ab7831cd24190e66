/** What commands write with `--json`, in each of its shapes, held to the schemas that the package ships. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { beforeAll, describe, expect, it } from 'vitest'
import { fileOf } from '../../scripts/schema/cli.ts'
import { objectsOf, seeded, typed } from './inbox-file.ts'

const root = join(import.meta.dirname, '../..')
const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, validateFormats: false })
const validatorOf = (name: string) => {
  const schema = JSON.parse(readFileSync(join(root, 'schemas', fileOf(name)), 'utf8'))
  return ajv.getSchema(schema.$id) ?? ajv.compile(schema)
}

let path: string
beforeAll(async () => {
  path = (await seeded()).path
})

const ran = async (words: readonly string[]) => {
  const { out, code } = await typed(['inbox', ...words, '--inbox', path, '--json'])
  return { code, objects: objectsOf(out) }
}

/** In this order, of one inbox: what each leaves is looked at by the next. */
const LINES = [
  ['stats'],
  ['ls'],
  ['events'],
  ['dead'],
  ['dead', '--group'],
  ['quarantine'],
  ['handlers'],
  ['senders'],
  ['message', 'message-1'],
  ['person', 'jo1@shop.example'],
  ['export', 'jo1@shop.example'],
  ['check'],
  ['diff'],
  ...['pause', 'resume', 'pause'].flatMap((verb) => [
    [verb, 'suppress', '--dry-run'],
    [verb, 'suppress', '--yes'],
  ]),
  ['handlers'],
  ['stats'],
  ['check'],
  ...['replay', 'retry', 'reparse', 'drop'].flatMap((verb) => [
    [verb, '--all', '--dry-run'],
    [verb, '--all', '--yes'],
  ]),
  ['retry', '--all', '--yes'],
  ['erase', 'jo1@shop.example', '--dry-run'],
  ['erase', 'jo1@shop.example', '--yes'],
  ['stats'],
  ['ls'],
  ['dead'],
]

describe('--json', () => {
  it.each(LINES.map((line) => line.join(' ')))('%s', async (line) => {
    const words = line.split(' ')
    const { code, objects } = await ran(words)
    expect(code).not.toBe(3)
    const validate = validatorOf(`inbox ${words[0]}`)
    for (const object of objects) expect([object, validate(object), validate.errors]).toEqual([object, true, null])
  })

  it('show: a delivery, one without its bytes, and an event', async () => {
    const { objects: deliveries } = await ran(['ls'])
    const validate = validatorOf('inbox show')
    for (const { id, events } of deliveries)
      for (const one of [String(id), ...(events === null ? [] : [`${id}.0`])]) {
        const [shown] = (await ran(['show', one])).objects
        if (shown !== undefined) expect([shown, validate(shown), validate.errors]).toEqual([shown, true, null])
      }
  })
})
