import { describe, expect, it } from 'vitest'
import { compileAnew, KNOWN, readSchema, schemaFiles } from './support.ts'

const said: string[] = []
const compiled = new Map(schemaFiles.map((file) => [file, compileAnew(file, said)]))

describe('schemas/', () => {
  it('has every level in both strengths and both drafts', () => {
    const events = KNOWN.map(({ provider, key }) => `${provider}/${key}.json`)
    const classes = ['momentum/message_event', 'momentum/track_event', 'mailjet/payload', 'esputnik/activity']
    const levels = [...events, ...classes.map((name) => `${name}.json`), 'momentum/body.json', 'mailjet/body.json']
    const strict = levels.map((path) => path.replace('/', '/strict/'))
    const modern = [...levels, ...strict, 'esputnik/body.json', 'esputnik/strict/body.json', 'event.json']
    expect(schemaFiles).toEqual(expect.arrayContaining([...modern, ...modern.map((path) => `draft-07/${path}`)]))
  })

  it('is silent in the strict mode of ajv', () => {
    expect(said).toEqual([])
    expect(compiled.size).toBeGreaterThan(200)
  })

  it.each(schemaFiles)('%s has a right example, a name and what it is', (file) => {
    const { $id, title, description, examples } = readSchema(file)
    expect([typeof title, typeof description, $id]).toEqual([
      'string',
      'string',
      `https://posthorn.dev/schemas/${file}`,
    ])
    expect(examples.length).toBeGreaterThan(0)
    for (const example of examples) {
      expect(compiled.get(file)?.(example)).toBe(true)
      expect(compiled.get(strictOf(file))?.(example)).toBe(true)
    }
  })

  it.each(schemaFiles.filter((file) => !file.startsWith('draft-07/')))('%s has a twin that is a draft-07', (file) => {
    const [modern, older] = [readSchema(file), readSchema(`draft-07/${file}`)]
    expect([modern.$schema, older.$schema]).toEqual([
      'https://json-schema.org/draft/2020-12/schema',
      'http://json-schema.org/draft-07/schema#',
    ])
    expect(Object.keys(older.definitions)).toEqual(Object.keys(modern.$defs))
    expect(JSON.stringify(older)).not.toContain('#/$defs/')
  })
})

/** The strict twin of a file, where it has one. */
function strictOf(file: string): string {
  const strict = file.replace(/^(draft-07\/)?(\w+)\//, '$1$2/strict/')
  return compiled.has(strict) ? strict : file
}
