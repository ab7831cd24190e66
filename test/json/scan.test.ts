import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { ScanFailure } from '../../src/json/findings.ts'
import { type Scan, Scanner } from '../../src/json/scan.ts'
import { elementBytes, parseElements, sliceEnd } from '../../src/json/slices.ts'
import { canFindTokens } from '../../src/json/tokens.ts'
import { batchOf } from '../../src/testing/batch.ts'

const bytesOf = (text: string) => new TextEncoder().encode(text)

type Found = Scan | ScanFailure
type ScanOne = (body: string | Uint8Array, step?: number) => Found

/** One of the longest length that is looked for, and three that are not: too short, too long, beyond ASCII. */
const IDS = ['MessageID', 'contactId', 'messageInstanceId', 'a'.repeat(24), 'id', 'b'.repeat(25), 'größe_id']

const scanBy =
  (fast: boolean): ScanOne =>
  (body, step = 1 << 20) => {
    const scanner = new Scanner(typeof body === 'string' ? bytesOf(body) : body, { fast, ids: IDS })
    while (!scanner.advance(step));
    return scanner.result()
  }

const [slow, fast] = [scanBy(false), scanBy(true)]

/** Both ways of scanning, which find the same. */
const scan: ScanOne = (body, step) => {
  const found = fast(body, step)
  expect(slow(body, step)).toEqual(found)
  return found
}

function read(text: string, sliceBytes = 64): unknown[] {
  const bytes = bytesOf(text)
  const found = fast(bytes)
  if ('failure' in found) throw new Error(found.failure)
  const all: unknown[] = []
  for (let from = 0; from < found.count; ) {
    const to = sliceEnd(found, from, sliceBytes)
    all.push(...parseElements(bytes, found, from, to))
    from = to
  }
  return all
}

afterEach(() => {
  vi.unstubAllGlobals()
})

describe('scan', () => {
  it.each([
    ['[]', 0],
    [' [ ] ', 0],
    ['{}', 1],
    ['[{}]', 1],
    ['[{},{}]', 2],
    ['[[1,2],"a,b]",{"k":"}"}]', 3],
    ['\ufeff[{"a":1}]', 1],
  ])('finds the elements of %s', (text, count) => {
    expect(scan(text)).toMatchObject({ count })
  })

  it.each([
    ['', 'not a JSON array'],
    ['  ', 'not a JSON array'],
    ['"text"', 'not a JSON array'],
    ['12', 'not a JSON array'],
    ['a=b&c=d', 'not a JSON array'],
    ['<xml/>', 'not a JSON array'],
    ['\ufeff\ufeff[]', 'not a JSON array'],
    ['[{}', 'too early'],
    ['[{"a":"', 'inside a string'],
    ['[{"a":"\\"', 'inside a string'],
    ['[{]}', 'not balanced'],
    ['{"a":[}]', 'not balanced'],
    ['[{},]', 'is empty'],
    ['[,{}]', 'is empty'],
    ['[{},,{}]', 'is empty'],
    ['[{}] x', 'goes on'],
    ['{}{}', 'goes on'],
    ['{"a":1}\n{"a":2}', 'goes on'],
  ])('refuses %s whole', (text, reason) => {
    expect(scan(text)).toMatchObject({ failure: expect.stringContaining(reason) })
  })

  it.each([
    ['a lone continuation byte', [0x80]],
    ['an overlong slash', [0xc0, 0xaf]],
    ['a surrogate', [0xed, 0xa0, 0x80]],
    ['Latin-1', [0xe9]],
    ['a sequence cut off', [0xe2, 0x82]],
  ])('finds the borders around %s, and says that it is not UTF-8', (_name, bad) => {
    for (const around of [
      ['[{"a":"', '"},{"b":1}]'],
      ['[{"a":1}', ',{"b":1}]'],
    ] as const) {
      const bytes = Uint8Array.from([...bytesOf(around[0]), ...bad, ...bytesOf(around[1])])
      const found = scan(bytes) as Scan
      expect(found).toMatchObject({ count: 2, utf8: false })
      expect(Buffer.from(elementBytes(bytes, found, 1)).toString()).toBe('{"b":1}')
      expect(() => parseElements(bytes, found, 0, 1)).toThrow(SyntaxError)
      expect(parseElements(bytes, found, 1, 2)).toEqual([{ b: 1 }])
    }
    expect(scan('[{"a":"é"}]')).toMatchObject({ utf8: true })
  })

  it.each([
    ['before the array', [0xff, ...bytesOf('[{}]')], 'not UTF-8'],
    ['behind it', [...bytesOf('[{}]'), 0xff], 'goes on'],
    ['UTF-16 with its mark', [...Buffer.from('\ufeff[{}]', 'utf16le')], 'not UTF-8'],
  ])('refuses what is not UTF-8 %s whole', (_name, bytes, reason) => {
    expect(scan(Uint8Array.from(bytes))).toMatchObject({ failure: expect.stringContaining(reason) })
  })

  it('refuses a body of six million open brackets without parsing it', () => {
    expect(scan('['.repeat(6_000_000))).toMatchObject({ failure: 'the body ends too early', at: 6_000_000 })
  })

  it('takes 1 000 000 elements and refuses one more', () => {
    expect(scan(`[${'0,'.repeat(999_999)}0]`)).toMatchObject({ count: 1_000_000 })
    expect(scan(`[${'0,'.repeat(1_000_000)}0]`)).toMatchObject({
      failure: expect.stringContaining('more than 1000000'),
      at: null,
    })
  })

  it('marks the element that is nested deeper than 32 and keeps the borders of its neighbours', () => {
    const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)
    const found = scan(`[{"a":1},${nested(31)},${nested(32)},{"a":2}]`) as Scan
    expect(found.count).toBe(4)
    expect([...found.deep]).toEqual([2])
    expect(sliceEnd(found, 0, 1e6)).toBe(2)
  })

  it('gives the same result in steps of any size', () => {
    const text = '[{"a":"x\\\\\\"y","n":12345678901234567890},[1,[2]],"s",{"u":"é😀"}]'
    const whole = scan(text)
    for (let step = 1; step < 40; step++) expect(scan(text, step)).toEqual(whole)
  })

  it('never accepts a body cut off anywhere', () => {
    const text = '[{"msys":{"track_event":{"type":"click","n":[1,2,"é"]}}},{"b":null}]'
    const bytes = bytesOf(text)
    for (let end = 0; end < bytes.length; end++) expect(scan(bytes.subarray(0, end))).toHaveProperty('failure')
  })
})

describe('scan by words of 64 bytes', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"',
      '\\',
      '\\\\',
      '\\"',
      '"é"',
      '"😀":',
      ' ',
      '\n',
      '\t',
      'e',
      'E',
      '.',
      '-',
      '+',
    ),
    fc.constantFrom(
      '"MessageID":',
      '"contactId" : ',
      `"${'a'.repeat(24)}":`,
      `"${'b'.repeat(25)}":`,
      '"id":',
      '"größe_id":',
      '\\"MessageID":',
      '"MessageID":7',
      '"contactId":7000000000,',
      '{"MessageID":1234567890',
      '}',
      ',{',
    ),
    fc.constantFrom(
      '1',
      '12345678',
      '1234567890123456',
      '9007199254740993',
      '-9007199254740993',
      '1e400',
      '0.1',
      'true',
    ),
    fc.integer({ min: 0, max: 140 }).map((length) => `"${'x'.repeat(length)}"`),
    fc.integer({ min: 0, max: 70 }).map((length) => ' '.repeat(length)),
    fc.integer({ min: 1, max: 400 }).map((length) => '7'.repeat(length)),
    fc.integer({ min: 1, max: 70 }).map((length) => `"${'\\'.repeat(length)}"`),
  )
  const step = fc.integer({ min: 1, max: 300 })

  it('runs here', () => {
    expect(canFindTokens()).toBe(true)
  })

  it('is done byte by byte where WebAssembly may not run', async () => {
    vi.stubGlobal('WebAssembly', undefined)
    vi.resetModules()
    const fresh = await import('../../src/json/scan.ts')
    const tokens = await import('../../src/json/tokens.ts')
    const scanner = new fresh.Scanner(bytesOf(batchOf(30)))
    while (!scanner.advance(1 << 20));
    expect(scanner.result()).toEqual(fast(batchOf(30)))
    expect(tokens.canFindTokens()).toBe(false)
  })

  it('finds in any text what the scan byte by byte finds', () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), step, (pieces, size) => {
        const text = `[${pieces.join('')}]`
        expect(fast(text, size)).toEqual(slow(text))
      }),
      { numRuns: 3_000 },
    )
  })

  it('finds a number once that stands directly before another', () => {
    const text = '[{"MessageID":12345678907777777-9007199254740993}]'
    expect(fast(text, 1)).toEqual(slow(text))
  })

  it('finds in a batch with any byte changed what the scan byte by byte finds', () => {
    const batch = bytesOf(batchOf(3))
    const change = fc.tuple(
      fc.nat(batch.length - 1),
      fc.oneof(fc.constantFrom(...bytesOf('"\\[]{},e-1 ')), fc.nat(255)),
    )
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), step, (changes, size) => {
        const bytes = batch.slice()
        for (const [at, byte] of changes) bytes[at] = byte
        expect(fast(bytes, size)).toEqual(slow(bytes))
      }),
      { numRuns: 2_000 },
    )
  })
})

describe('integers under the names of identifiers', () => {
  const quoted = (text: string) => {
    const found = scan(text) as Scan
    return parseElements(bytesOf(text), found, 0, found.count)
  }

  it('are text where they stand directly in an element, digit for digit', () => {
    const name = 'a'.repeat(24)
    const text = `[{"MessageID":1000000000,"contactId": 12 ,"x":"${'y'.repeat(1_100)}"},{"${name}":\n9007199254740993}]`
    expect(quoted(text)).toEqual([
      { MessageID: '1000000000', contactId: 12, x: 'y'.repeat(1_100) },
      { [name]: '9007199254740993' },
    ])
    expect(quoted('{"MessageID":1234567890}')).toEqual([{ MessageID: '1234567890' }])
  })

  it('stay what they are elsewhere, and where they are no plain integers', () => {
    const text =
      '[{"x":{"MessageID":1111111111},"list":[{"contactId":2222222222}],"messageid":3333333333,"id":4444444444},' +
      '["MessageID",7777777777],{"\\"MessageID":8888888888,"xcontactId":9999999999,"y":"\\"contactId\\":1010101010"},' +
      '{"MessageID":-4444444444,"contactId":5555555555.0,"messageInstanceId":6666666666e1},{"MessageID":123456789}]'
    expect(quoted(text)).toEqual(JSON.parse(text))
  })

  it('are found wherever the bytes are cut', () => {
    const text = `[${Array.from({ length: 12 }, (_, i) => `{"MessageID":98765432${10 + i},"a":"${'x'.repeat(i)}","contactId" :\t987654321${10 + i}}`)}]`
    const whole = scan(text) as Scan
    expect(whole.numbers).toHaveLength(12 * 4)
    for (let step = 1; step < 200; step += 7) expect(scan(text, step)).toEqual(whole)
  })

  it.each([
    '{"MessageID":01111111111}',
    '{"MessageID":1111111111 2}',
    '{"MessageID":1111111111"x"}',
    '{"x" "MessageID":1111111111}',
    '{"MessageID":1111111111:2}',
  ])('do not make JSON out of %s', (text) => expect(() => quoted(`[${text}]`)).toThrow(SyntaxError))
})

describe('parseElements', () => {
  it('keeps every digit of integers that a double would round', () => {
    expect(read('[{"MessageID":19421777396190490,"b":-9007199254740993,"c":9007199254740991}]')).toEqual([
      { MessageID: '19421777396190490', b: '-9007199254740993', c: 9007199254740991 },
    ])
    expect(read('{"a":9007199254740992}')).toEqual([{ a: '9007199254740992' }])
    expect(read('[12345678901234567890,[12345678901234567891]]')).toEqual([
      '12345678901234567890',
      ['12345678901234567891'],
    ])
  })

  it('keeps numbers beyond the range of a double as text', () => {
    expect(read('[1e400, -1E+999, 1e3, 0.1e1]')).toEqual(['1e400', '-1E+999', 1000, 1])
  })

  it('leaves digits inside strings and keys alone', () => {
    const value = {
      agent: 'Mozilla 12345678901234567890, "12345678901234567890" \\',
      Payload: '{"id":19421777396190490}',
      subject: ': 19421777396190490,',
      '19421777396190490': { 'a":19421777396190490,"b': '[19421777396190490]' },
    }
    expect(read(JSON.stringify([value, value]))).toEqual([value, value])
  })

  it.each(['{12345678901234567890:1}', '{"a":012345678901234567890}', '{"a":+12345678901234567890}', '{"a":1.e999}'])(
    'does not make JSON out of %s',
    (text) => {
      expect(() => read(`[${text}]`)).toThrow(SyntaxError)
    },
  )

  it('gives each element its own bytes', () => {
    const bytes = bytesOf('[ {"a":1} ,\n"x"]')
    const found = scan(bytes) as Scan
    const texts = [0, 1].map((index) => new TextDecoder().decode(elementBytes(bytes, found, index)))
    expect(texts).toEqual(['{"a":1}', '"x"'])
  })

  it('reads any JSON array as JSON.parse does', () => {
    fc.assert(
      fc.property(
        fc.array(fc.jsonValue({ maxDepth: 4 }), { maxLength: 30 }),
        fc.integer({ min: 1, max: 200 }),
        (value, size) => {
          const text = JSON.stringify(value)
          // Whole numbers that JSON prints without an exponent and that a double may have rounded come as text.
          const exact = (_key: string, n: unknown) =>
            Number.isInteger(n) && !Number.isSafeInteger(n) && !String(n).includes('e') ? String(n) : n
          expect(read(text, size)).toEqual(JSON.parse(text, exact))
        },
      ),
      { numRuns: 300 },
    )
  })

  it('keeps integers of any length digit for digit, wherever they stand', () => {
    const integer = fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n })
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(
            fc.string().filter((key) => key !== '__proto__'),
            integer,
          ),
          { minLength: 1, maxLength: 20 },
        ),
        (pairs) => {
          const text = `[${pairs.map(([key, n]) => `{${JSON.stringify(key)}: ${n} }`).join(',')}]`
          const expected = pairs.map(([key, n]) => ({ [key]: Number.isSafeInteger(Number(n)) ? Number(n) : String(n) }))
          expect(read(text)).toEqual(expected)
        },
      ),
    )
  })
})
