import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { checkedInSchemas, generateAll, generateDocs } from '../../scripts/generate.ts'
import { toAnnotatedSchema } from '../../scripts/schema/json-schema.ts'

const root = join(import.meta.dirname, '../..')
const files = await generateAll()
const meta = { title: 'T', description: 'D', source: 'S' }

describe('generate', () => {
  it('gives what is checked in', async () => {
    const stale = [...files, ...(await generateDocs())].filter(
      ([path, text]) => readFileSync(join(root, path), 'utf8') !== text,
    )
    expect(stale.map(([path]) => path)).toEqual([])
  })

  it('leaves no schema without its source', async () => {
    const schemas = [...files.keys()].filter((path) => path.endsWith('.json'))
    expect((await checkedInSchemas()).sort()).toEqual(schemas.sort())
  })

  it('writes validators that load nothing and compile nothing', () => {
    for (const [path, text] of files) {
      if (!path.endsWith('validate.generated.ts')) continue
      const specifiers = [...text.matchAll(/^import (\w+).* from '(.*)'$/gm)].map((match) => [match[1], match[2]])
      expect(specifiers).toEqual([['type', '../kit/problem.ts']])
      expect(text).not.toMatch(/\brequire\b|new Function|\bimport\(|\bajv\b/)
    }
  })

  it('publishes every field with what it is, and without our own annotations', () => {
    for (const [path, text] of files) {
      if (!path.endsWith('.json')) continue
      expect(text).not.toContain('"x-')
      for (const [name, field] of Object.entries<{ description?: string }>(JSON.parse(text).properties ?? {}))
        expect(field.description, `${path} ${name}`).toMatch(/\.$/)
    }
  })
})

describe('toAnnotatedSchema', () => {
  it('refuses a union whose members share a JSON type', () => {
    const schema = z.looseObject({ a: z.union([z.string(), z.literal('b')]) }).meta(meta)
    expect(() => toAnnotatedSchema('p', 'k', schema)).toThrow('p k/a: the members of a union need a JSON type each')
  })

  it('refuses a constant in a union', () => {
    const schema = z.looseObject({ a: z.union([z.string(), z.literal(0)]) }).meta(meta)
    expect(() => toAnnotatedSchema('p', 'k', schema)).toThrow('constants in a union')
  })

  it('refuses a schema that lets no unknown field through', () => {
    const schema = z.strictObject({ a: z.string() }).meta(meta)
    expect(() => toAnnotatedSchema('p', 'k', schema)).toThrow('additionalProperties')
  })

  it('refuses a schema without a source', () => {
    expect(() => toAnnotatedSchema('p', 'k', z.looseObject({}))).toThrow('title, description or source')
  })
})
