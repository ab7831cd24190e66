/**
 * The WebAssembly text of two functions that make of UTF-8, known to be valid, what a string of V8 consists of: `narrow`
 * one byte a character, `widen` two. Sixteen bytes at a time where all are ASCII.
 */
import { INPUT, OUTPUT, TEXT } from './layout.ts'
import { char, get, i32, minus, plus, set } from './wat.ts'

const and = (a: string, mask: number) => `(i32.and ${a} ${i32(mask)})`
const or = (a: string, b: string) => `(i32.or ${a} ${b})`
const shifted = (a: string, by: number) => `(i32.shl ${a} ${i32(by)})`
const byte = (offset: number) => `(i32.load8_u offset=${offset} ${get('from')})`
/** The six bits of the continuation at `offset`, moved to their place. */
const six = (offset: number, by: number) => shifted(and(byte(offset), 0x3f), by)
const forward = (read: number, written: number) => `
  ${set('from', plus(get('from'), i32(read)))}
  ${set('to', plus(get('to'), i32(written)))}`

interface Way {
  readonly name: string
  /** Bytes for each character of ASCII. */
  readonly width: 1 | 2
  /** Writes sixteen, `at` characters further on. */
  readonly sixteen: (word: string, at: number) => string
  /** Writes the character that begins at `$from` with `$lead`, and moves on. */
  readonly one: string
  readonly put: (character: string) => string
}

// U+0080 to U+00FF begin with C2 or C3; the sixth bit of C3 falls out of the byte.
const NARROW: Way = {
  name: 'narrow',
  width: 1,
  sixteen: (word, at) => `(v128.store offset=${at} ${get('to')} ${get(word)})`,
  one: `
  (if (i32.gt_u ${get('lead')} ${i32(0xc3)}) (then (return ${i32(-1)})))
  (i32.store8 ${get('to')} ${or(shifted(get('lead'), 6), six(1, 0))})
  ${forward(2, 1)}`,
  put: (character) => `(i32.store8 ${get('to')} ${i32(char(character))})`,
}

const code4 = `(i32.sub ${or(or(shifted(and(get('lead'), 7), 18), six(1, 12)), or(six(2, 6), six(3, 0)))} ${i32(0x10000)})`

const WIDEN: Way = {
  name: 'widen',
  width: 2,
  sixteen: (word, at) => `
  (v128.store offset=${2 * at} ${get('to')} (i16x8.extend_low_i8x16_u ${get(word)}))
  (v128.store offset=${2 * at + 16} ${get('to')} (i16x8.extend_high_i8x16_u ${get(word)}))`,
  one: `
  (if (i32.lt_u ${get('lead')} ${i32(0xe0)})
    (then
      (i32.store16 ${get('to')} ${or(shifted(and(get('lead'), 0x1f), 6), six(1, 0))})
      ${forward(2, 2)})
    (else (if (i32.lt_u ${get('lead')} ${i32(0xf0)})
      (then
        (i32.store16 ${get('to')} ${or(shifted(get('lead'), 12), or(six(1, 6), six(2, 0)))})
        ${forward(3, 2)})
      (else
        ${set('code', code4)}
        (i32.store16 ${get('to')} ${or(i32(0xd800), `(i32.shr_u ${get('code')} ${i32(10)})`)})
        (i32.store16 offset=2 ${get('to')} ${or(i32(0xdc00), and(get('code'), 0x3ff))})
        ${forward(4, 4)}))))`,
  put: (character) => `(i32.store16 ${get('to')} ${i32(char(character))})`,
}

const WORDS = ['v0', 'v1', 'v2', 'v3']

/** Goes on over words of 64 bytes that are all ASCII: their stores wait for no other. */
const ascii = ({ width, sixteen }: Way) => `
  (loop $blocks
    (if (i32.le_u ${plus(get('from'), i32(64))} ${get('border')}) (then
      ${WORDS.map((word, n) => set(word, `(v128.load offset=${16 * n} ${get('from')})`)).join('\n      ')}
      (if (i32.eqz (i8x16.bitmask ${WORDS.map(get).reduce((all, word) => `(v128.or ${all} ${word})`)})) (then
        ${WORDS.map((word, n) => sixteen(word, 16 * n)).join('\n        ')}
        ${forward(64, 64 * width)}
        (br $blocks))))))`

/** What stands before `$border`; more of it, all ASCII, may be written and is taken back. */
const run = (way: Way) => `
  (loop $words
    ${ascii(way)}
    (if (i32.lt_u ${get('from')} ${get('border')}) (then
      ${set('v0', `(v128.load ${get('from')})`)}
      ${way.sixteen('v0', 0)}
      ${set('bits', `(i8x16.bitmask ${get('v0')})`)}
      ${set('ascii', `(select (i32.ctz ${get('bits')}) ${i32(16)} ${get('bits')})`)}
      ${set('from', plus(get('from'), get('ascii')))}
      ${set('to', plus(get('to'), shifted(get('ascii'), way.width - 1)))}
      (br_if $words (i32.eqz ${get('bits')}))
      (loop $characters
        (if (i32.lt_u ${get('from')} ${get('border')}) (then
          (br_if $words (i32.lt_u (local.tee $lead ${byte(0)}) ${i32(0x80)}))
          ${way.one}
          (br $characters)))))))
  ${set('to', minus(get('to'), shifted(minus(get('from'), get('border')), way.width - 1)))}
  ${set('from', get('border'))}`

/**
 * `(length, count)`: writes the array of what stands at INPUT to TEXT, with a quote at each of `count` offsets at OUTPUT,
 * none of them inside a character. Its length in bytes; -1 from `narrow` where a character has no place in one byte.
 * Sixteen bytes behind the input are read too, and have to be ASCII.
 */
const make = (way: Way) => `
(func (export "${way.name}") (param $length i32) (param $count i32) (result i32)
  (local $from i32) (local $to i32) (local $next i32) (local $border i32)
  (local $v0 v128) (local $v1 v128) (local $v2 v128) (local $v3 v128)
  (local $bits i32) (local $ascii i32) (local $lead i32) (local $code i32)
  ${set('to', i32(TEXT))}
  ${way.put('[')}
  ${set('to', plus(get('to'), i32(way.width)))}
  ${set('from', i32(INPUT))}
  ${set('next', i32(OUTPUT))}
  (loop $borders
    (if ${get('count')} (then
      ${set('border', plus(`(i32.load ${get('next')})`, i32(INPUT)))}
      ${run(way)}
      ${way.put('"')}
      ${set('to', plus(get('to'), i32(way.width)))}
      ${set('next', plus(get('next'), i32(4)))}
      ${set('count', minus(get('count'), i32(1)))}
      (br $borders))))
  ${set('border', plus(get('length'), i32(INPUT)))}
  ${run(way)}
  ${way.put(']')}
  (i32.sub ${get('to')} ${i32(TEXT - way.width)}))`

export const MAKE_TEXT = [NARROW, WIDEN].map(make).join('\n')
