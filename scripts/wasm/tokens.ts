/**
 * The WebAssembly text of a function that finds the bytes of a JSON body that matter to its structure, 64 at a time: for
 * every 64 bytes a word says which stand inside strings, found by the prefix XOR over the quotes (Langdale and Lemire,
 * "Parsing Gigabytes of JSON per Second", VLDB Journal 2019, section 3.1). What is not as it should be, or might not be, is
 * judged in JavaScript.
 */
import {
  EDGES,
  EMPTY,
  END,
  INPUT,
  LONG,
  LONG_NAMED,
  MAX_DEPTH,
  NAME_SIZE,
  NAMED,
  NAMES,
  NUMBER,
  OUTPUT,
  PAIRS,
  PERHAPS,
  SHIFT,
  TOO_DEEP,
  UNBALANCED,
} from './layout.ts'
import { char, get, i32, minus, plus, set } from './wat.ts'

const bytes = (value: number) => `(i8x16.splat (i32.const ${value}))`
const equals = (value: number) => (v: string) => `(i8x16.eq ${v} ${bytes(value)})`
const lowered = (v: string) => `(v128.or ${v} ${bytes(0x20)})`
const either = (a: (v: string) => string, b: (v: string) => string) => (v: string) => `(v128.or ${a(v)} ${b(v)})`

const isBracket = either(
  (v) => equals(char('{'))(lowered(v)),
  (v) => equals(char('}'))(lowered(v)),
)
const isDigit = (v: string) => `(i8x16.lt_u (i8x16.sub ${v} ${bytes(char('0'))}) ${bytes(10)})`
const isExponent = (v: string) => equals(char('e'))(lowered(v))

/** One bit for each of the 64 bytes, the first byte lowest. */
function mask(test: (v: string) => string): string {
  const words = [0, 1, 2, 3].map(
    (n) => `(i64.shl (i64.extend_i32_u (i8x16.bitmask ${test(`(local.get $v${n})`)})) (i64.const ${16 * n}))`,
  )
  return words.reduce((a, b) => `(i64.or ${a} ${b})`)
}

const constant = (value: number | string) => `(i64.const ${value})`
const and = (a: string, b: string) => `(i64.and ${a} ${b})`
const or = (a: string, b: string) => `(i64.or ${a} ${b})`
const xor = (a: string, b: string) => `(i64.xor ${a} ${b})`
const not = (a: string) => xor(a, constant(-1))
const left = (a: string, by: number) => `(i64.shl ${a} ${constant(by)})`
const right = (a: string, by: number) => `(i64.shr_u ${a} ${constant(by)})`

const ODD = '0xaaaaaaaaaaaaaaaa'

/** Which bytes a backslash before them escapes: every second of a run of backslashes, and what follows an odd run. */
const escapes = `
  (if (i64.eqz ${get('slashes')})
    (then ${set('escaped', get('escapedNext'))} ${set('escapedNext', constant(0))})
    (else
      ${set('starts', and(get('slashes'), not(get('escapedNext'))))}
      ${set('series', xor(`(i64.sub ${or(left(get('starts'), 1), constant(ODD))} ${get('starts')})`, constant(ODD)))}
      ${set('escaped', xor(get('series'), or(get('slashes'), get('escapedNext'))))}
      ${set('escapedNext', right(and(get('series'), get('slashes')), 63))}))`

/** From an opening quote on, without the closing one. */
const strings = [
  set('strings', and(mask(equals(char('"'))), not(get('escaped')))),
  ...[1, 2, 4, 8, 16, 32].map((by) => set('strings', xor(get('strings'), left(get('strings'), by)))),
  set('strings', xor(get('strings'), get('inside'))),
  set('inside', `(i64.shr_s ${get('strings')} ${constant(63)})`),
].join('\n  ')

const any = (a: string) => `(i64.ne ${a} ${constant(0)})`

/** Where a run may be one of eight that does not end in the same word. */
const LAST_SEVEN = '0xfe00000000000000'

/**
 * Starts of runs of eight digits, since one of sixteen has eight in one of its words; the e of an exponent; and, where
 * names are asked for, the first digit of every number that may have eight. Most words have no digit outside of strings.
 */
const numbers = `
  ${set('digits', and(mask(isDigit), get('outside')))}
  ${set('marks', constant(0))}
  (if ${any(or(get('digits'), get('digitBefore')))} (then
    ${[
      set('marks', and(get('digits'), right(get('digits'), 1))),
      set('marks', and(get('marks'), right(get('marks'), 2))),
      set('marks', and(get('marks'), right(get('marks'), 4))),
      set('eights', get('marks')),
      set('marks', and(get('marks'), not(left(get('marks'), 1)))),
      set(
        'marks',
        or(get('marks'), and(and(mask(isExponent), get('outside')), or(left(get('digits'), 1), get('digitBefore')))),
      ),
    ].join('\n    ')}
    (if ${get('names')} (then
      ${set('eights', or(get('eights'), constant(LAST_SEVEN)))}
      ${set('starts', and(get('digits'), not(or(left(get('digits'), 1), get('digitBefore')))))}
      ${set('marks', or(get('marks'), and(get('starts'), get('eights'))))}))
    ${set('digitBefore', right(get('digits'), 63))}))`

const isAt = (depth: number) => `(i32.eq ${get('depth')} ${i32(depth)})`

/** What is left to be judged. */
const emitAs = (meaning: string) => `
  (i32.store offset=${OUTPUT} (i32.shl ${get('count')} ${i32(3)}) (i32.or ${get('offset')} (i32.shl ${meaning} ${i32(SHIFT)})))
  (i32.store offset=${OUTPUT + 4} (i32.shl ${get('count')} ${i32(3)}) ${get('edges')})
  ${set('count', plus(get('count'), i32(1)))}`
const emit = (meaning: number) => emitAs(i32(meaning))

/** Each i32 of the state, by its place. */
const load = (at: number) => `(i32.load (i32.const ${at}))`
const store = (at: number, value: string) => `(i32.store (i32.const ${at}) ${value})`

/** Leaves the counts of what was found, and gives the number of what is left to be judged. */
const end = `
  ${store(24, get('edges'))}
  ${store(28, get('borders'))}
  (return ${get('count')})`

/** Bit d says whether the container at depth d + 1 is an object. */
const open = `
  (if (i32.lt_u ${get('depth')} ${i32(MAX_DEPTH)}) (then
    ${set('bit', `(i32.shl ${i32(1)} ${get('depth')})`)}
    (if ${get('object')}
      (then ${set('objects', `(i32.or ${get('objects')} ${get('bit')})`)})
      (else ${set('objects', `(i32.and ${get('objects')} (i32.xor ${get('bit')} ${i32(-1)}))`)})))
    (else ${emit(TOO_DEEP)}))
  ${set('depth', plus(get('depth'), i32(1)))}`

const close = `
  ${set('depth', minus(get('depth'), i32(1)))}
  (if (i32.and
        (i32.lt_u ${get('depth')} ${i32(MAX_DEPTH)})
        (i32.ne (i32.and (i32.shr_u ${get('objects')} ${get('depth')}) ${i32(1)}) ${get('object')}))
    (then ${emit(UNBALANCED)} ${end}))
  (if (i32.eqz ${get('depth')}) (then ${emit(END)} ${end}))`

/** '{' is 7b, '}' 7d, '[' 5b, ']' 5d. */
const bracket = `
  ${set('object', `(i32.and (i32.shr_u ${get('byte')} ${i32(5)}) ${i32(1)})`)}
  (if (i32.and ${get('byte')} ${i32(2)}) (then ${open}) (else ${close}))`

const byteAt = (at: string) => `(i32.load8_u offset=${INPUT} ${at})`
const isByte = (at: string, text: string) => `(i32.eq ${byteAt(at)} ${i32(char(text))})`

/** An integer that plainly ends is noted here. */
const identifier = `
  ${set('end', `(call $endOfDigits ${get('offset')} ${get('length')})`)}
  (if (i32.and
        (i32.and (i32.eq ${get('named')} ${i32(NAMED)}) (i32.ne ${get('byte')} ${i32(char('0'))}))
        (i32.and
          (i32.lt_u ${get('end')} ${get('length')})
          (i32.or ${isByte(get('end'), ',')} ${isByte(get('end'), '}')})))
    (then
      (i32.store offset=${PAIRS} (i32.shl ${get('borders')} ${i32(2)}) ${plus(get('base'), get('offset'))})
      (i32.store offset=${PAIRS + 4} (i32.shl ${get('borders')} ${i32(2)}) ${plus(get('base'), get('end'))})
      ${set('borders', plus(get('borders'), i32(2)))}
      ${set('noted', get('end'))})
    (else ${emitAs(get('named'))}))`

/** A digit, the first of a number or of eight, or the e of an exponent. Names count directly in an element that is an object. */
const number = `
  ${set('named', i32(0))}
  (if (i32.and (i32.and (i32.ne ${get('names')} ${i32(0)}) ${isAt(2)}) (i32.shr_u ${get('objects')} ${i32(1)}))
    (then (if (call $isLongFrom ${get('offset')} ${get('length')})
      (then ${set('named', `(call $named ${get('offset')} ${get('names')})`)}))))
  (if ${get('named')} (then ${identifier})
    (else (if (call $isLong ${get('offset')} ${get('length')}) (then ${emit(NUMBER)}))))`

const edge = `
  ${set('end', `(call $before ${get('offset')})`)}
  (if (i32.lt_s ${get('end')} ${i32(0)})
    (then ${emit(EMPTY)})
    (else (if (i32.or ${isByte(get('end'), ',')} ${isByte(get('end'), '[')}) (then ${emit(EMPTY)}))))
  (i32.store offset=${EDGES} (i32.shl ${get('edges')} ${i32(2)}) ${plus(get('base'), get('offset'))})
  ${set('edges', plus(get('edges'), i32(1)))}`

/** Goes over the bits of `marks`; commas count in the outermost array only. */
const walk = `
  (loop $bits
    (if (i64.ne ${get('marks')} ${constant(0)}) (then
      ${set('offset', plus(get('at'), `(i32.wrap_i64 (i64.ctz ${get('marks')}))`))}
      ${set('marks', and(get('marks'), `(i64.sub ${get('marks')} ${constant(1)})`))}
      ${set('byte', byteAt(get('offset')))}
      (if (i32.eq (i32.and ${get('byte')} ${i32(0xd9)}) ${i32(0x59)})
        (then ${bracket})
        (else (if (i32.eq ${get('byte')} ${i32(char(','))})
          (then (if ${isAt(1)} (then ${edge})))
          (else (if (i32.ge_u ${get('offset')} ${get('noted')}) (then ${number}))))))
      (br $bits))))`

/** Where a run of digits ends, or these bytes do. */
const END_OF_DIGITS = `
(func $endOfDigits (param $at i32) (param $length i32) (result i32)
  (loop $forth
    (if (i32.ge_u (local.tee $at ${plus(get('at'), i32(1))}) ${get('length')}) (then (return ${get('length')})))
    (br_if $forth (i32.le_u (i32.sub ${byteAt(get('at'))} ${i32(char('0'))}) ${i32(9)})))
  ${get('at')})`

/** Whether what stands around is an e, or a run of digits that is long or may go on outside of these bytes. */
const IS_LONG = `
(func $isLong (param $at i32) (param $length i32) (result i32) (local $end i32)
  (if (i32.gt_u (i32.sub ${byteAt(get('at'))} ${i32(char('0'))}) ${i32(9)}) (then (return ${i32(1)})))
  ${set('end', `(call $endOfDigits ${get('at')} ${get('length')})`)}
  (if (i32.eq ${get('end')} ${get('length')}) (then (return ${i32(1)})))
  (loop $back
    (if (i32.eqz ${get('at')}) (then (return ${i32(1)})))
    ${set('at', minus(get('at'), i32(1)))}
    (br_if $back (i32.le_u (i32.sub ${byteAt(get('at'))} ${i32(char('0'))}) ${i32(9)})))
  (i32.gt_u ${minus(get('end'), get('at'))} ${i32(LONG)}))`

/** Whether there are enough digits for an identifier from here on, or may be outside of these bytes. */
const IS_LONG_FROM = `
(func $isLongFrom (param $at i32) (param $length i32) (result i32) (local $end i32)
  ${set('end', plus(get('at'), i32(LONG_NAMED)))}
  (if (i32.gt_u ${get('end')} ${get('length')}) (then ${set('end', get('length'))}))
  (loop $forth
    (if (i32.gt_u (i32.sub ${byteAt(get('at'))} ${i32(char('0'))}) ${i32(9)}) (then (return ${i32(0)})))
    (br_if $forth (i32.lt_u (local.tee $at ${plus(get('at'), i32(1))}) ${get('end')})))
  ${i32(1)})`

/** The last byte before one that is no white space; -1: not among these bytes. */
const BEFORE = `
(func $before (param $at i32) (result i32)
  (loop $back
    ${set('at', minus(get('at'), i32(1)))}
    (if (i32.lt_s ${get('at')} ${i32(0)}) (then (return ${i32(-1)})))
    (br_if $back (i32.or
      (i32.eq ${byteAt(get('at'))} ${i32(0x20)})
      (i32.or (i32.eq ${byteAt(get('at'))} ${i32(0x09)})
        (i32.or (i32.eq ${byteAt(get('at'))} ${i32(0x0a)}) (i32.eq ${byteAt(get('at'))} ${i32(0x0d)}))))))
  ${get('at')})`

const nameWord = (at: number) => `(i64.load offset=${at} ${get('name')})`
const textWord = (at: string) => `(i64.load offset=${INPUT} ${at})`

/** NAMED, PERHAPS, or 0: whether the number at `at` follows one of the first `names` names. */
const NAMED_FUNCTION = `
(func $named (param $at i32) (param $names i32) (result i32)
  (local $start i32) (local $name i32) (local $length i32) (local $unseen i32)
  ${set('at', `(call $before ${get('at')})`)}
  (if (i32.lt_s ${get('at')} ${i32(0)}) (then (return ${i32(PERHAPS)})))
  (if (i32.eqz ${isByte(get('at'), ':')}) (then (return ${i32(0)})))
  ${set('at', `(call $before ${get('at')})`)}
  (if (i32.lt_s ${get('at')} ${i32(0)}) (then (return ${i32(PERHAPS)})))
  (if (i32.eqz ${isByte(get('at'), '"')}) (then (return ${i32(0)})))
  ${set('name', i32(NAMES))}
  (loop $each
    ${set('length', `(i32.load ${get('name')})`)}
    ${set('start', minus(get('at'), get('length')))}
    (if (i32.lt_s ${get('start')} ${i32(2)}) (then ${set('unseen', i32(PERHAPS))})
      (else
        (if (i64.eq ${textWord(minus(get('at'), i32(8)))} ${nameWord(24)}) (then
          (if (i32.and
                (i32.and
                  (i64.eq ${textWord(get('start'))} ${nameWord(8)})
                  (i64.eq ${textWord(plus(get('start'), `(i32.load offset=4 ${get('name')})`))} ${nameWord(16)}))
                (i32.and
                  ${isByte(minus(get('start'), i32(1)), '"')}
                  (i32.eqz ${isByte(minus(get('start'), i32(2)), '\\')})))
            (then (return ${i32(NAMED)})))))))
    ${set('name', plus(get('name'), i32(NAME_SIZE)))}
    (br_if $each (local.tee $names ${minus(get('names'), i32(1))})))
  ${get('unseen')})`

const v128s = [0, 1, 2, 3].map((n) => set(`v${n}`, `(v128.load offset=${INPUT + 16 * n} ${get('at')})`)).join('\n  ')

/**
 * `scan(length, base)`: the number of what is left to be judged; -1 when a backslash stands outside a string, which no JSON
 * has. `base` is where the bytes stand in the body.
 */
export const FIND_TOKENS = `
${END_OF_DIGITS}
${IS_LONG}
${IS_LONG_FROM}
${BEFORE}
${NAMED_FUNCTION}
(func (export "scan") (param $length i32) (param $base i32) (result i32)
  (local $v0 v128) (local $v1 v128) (local $v2 v128) (local $v3 v128)
  (local $slashes i64) (local $starts i64) (local $series i64) (local $escaped i64) (local $escapedNext i64)
  (local $strings i64) (local $inside i64) (local $outside i64) (local $brackets i64)
  (local $digits i64) (local $digitBefore i64) (local $marks i64) (local $eights i64)
  (local $at i32) (local $offset i32) (local $byte i32) (local $count i32) (local $depth i32)
  (local $objects i32) (local $object i32) (local $bit i32) (local $names i32) (local $named i32)
  (local $end i32) (local $edges i32) (local $borders i32) (local $noted i32)
  ${set('inside', `(i64.sub ${constant(0)} (i64.extend_i32_u ${load(0)}))`)}
  ${set('escapedNext', `(i64.extend_i32_u ${load(4)})`)}
  ${set('depth', load(8))}
  ${set('digitBefore', `(i64.extend_i32_u ${load(12)})`)}
  ${set('objects', load(16))}
  ${set('names', load(20))}
  (loop $blocks
  ${v128s}
  ${set('slashes', mask(equals(char('\\'))))}
  ${escapes}
  ${strings}
  ${set('outside', not(get('strings')))}
  (if ${any(and(get('slashes'), get('outside')))} (then (return (i32.const -1))))
  ${numbers}
  ${set('brackets', and(mask(isBracket), get('outside')))}
  (if (i32.or ${any(get('brackets'))} ${isAt(1)}) (then
    ${set('marks', or(get('marks'), or(get('brackets'), and(mask(equals(char(','))), get('outside')))))}))
  ${walk}
  (br_if $blocks (i32.lt_u ${`(local.tee $at (i32.add ${get('at')} (i32.const 64)))`} ${get('length')})))
  ${store(0, `(i32.wrap_i64 ${and(get('inside'), constant(1))})`)}
  ${store(4, `(i32.wrap_i64 ${get('escapedNext')})`)}
  ${store(8, get('depth'))}
  ${store(12, `(i32.wrap_i64 ${get('digitBefore')})`)}
  ${store(16, get('objects'))}
  ${end})`
