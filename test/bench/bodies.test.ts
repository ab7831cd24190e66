import { Ajv } from 'ajv'
import { describe, expect, it } from 'vitest'
import { bodyOf, largeEventsBody, type ProviderName, SECRET } from '../../bench/bodies/bodies.ts'
import { jsonSchema, zodSchema } from '../../bench/servers/schemas.ts'
import { unauthenticated } from '../../src/auth/index.ts'
import { readElement, readSlice } from '../../src/core/read/elements.ts'
import { Scanner } from '../../src/json/scan.ts'
import { port } from '../../src/lib/symbols.ts'
import { esputnik } from '../../src/providers/esputnik/index.ts'
import { mailjet } from '../../src/providers/mailjet/index.ts'
import { momentum } from '../../src/providers/momentum/index.ts'

const auth = unauthenticated()
const PROVIDERS = {
  momentum: momentum({ auth })[port].provider,
  mailjet: mailjet({ auth })[port].provider,
  esputnik: esputnik({ auth, timeZone: 'UTC' })[port].provider,
}
const NAMES: readonly ProviderName[] = ['momentum', 'mailjet', 'esputnik']

function readAll(name: ProviderName, text: string) {
  const bytes = new TextEncoder().encode(text)
  const scanner = new Scanner(bytes)
  while (!scanner.advance(bytes.length));
  const scan = scanner.result()
  if ('failure' in scan) throw new Error(scan.failure)
  return readSlice(bytes, scan, 0, scan.count).map((element) => readElement(PROVIDERS[name], element))
}

describe.each(NAMES)('a body of %s', (name) => {
  const text = bodyOf(name, 500)

  it('is the same every time, and another one with another seed', () => {
    expect(bodyOf(name, 500)).toBe(text)
    expect(bodyOf(name, 500, 2)).not.toBe(text)
  })

  it('is read without an unknown or unreadable event', () => {
    const readings = readAll(name, text)
    expect(readings).toHaveLength(500)
    expect(readings.filter((reading) => 'unreadable' in reading || reading.name.endsWith('.unknown'))).toEqual([])
  })

  it('has as many recipients as a shop has, and events of several types', () => {
    const readings = readAll(name, text).filter((reading) => 'recipient' in reading)
    expect(new Set(readings.map(({ recipient }) => recipient)).size).toBeGreaterThan(450)
    expect(new Set(readings.map((reading) => reading.name)).size).toBeGreaterThanOrEqual(5)
  })

  it('holds no secret', () => {
    expect(text).not.toContain(SECRET)
  })
})

it('a Momentum event takes about 1 150 bytes', () => {
  const size = Buffer.byteLength(bodyOf('momentum', 2_000)) / 2_000
  expect(size).toBeGreaterThan(1_000)
  expect(size).toBeLessThan(1_300)
})

it('large events take a megabyte each and are read', () => {
  const text = largeEventsBody()
  expect(Buffer.byteLength(text)).toBeGreaterThan(10_000_000)
  expect(readAll('momentum', text).filter((reading) => 'unreadable' in reading)).toEqual([])
})

it.each(['momentum', 'mailjet'] as const)('the schemas of the peers take a body of %s, and refuse another', (name) => {
  const validate = new Ajv({ strict: false }).compile(jsonSchema(name))
  const body = JSON.parse(bodyOf(name, 200))
  expect(zodSchema(name).safeParse(body).success).toBe(true)
  expect(validate(body)).toBe(true)
  const broken = structuredClone(body)
  if (name === 'momentum') Object.values<{ rcpt_to: unknown }>(broken[7].msys)[0]!.rcpt_to = 7
  else broken[7].email = 7
  expect(zodSchema(name).safeParse(broken).success).toBe(false)
  expect(validate(broken)).toBe(false)
})
