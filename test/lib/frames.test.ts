import { expect, it } from 'vitest'
import { framesOf, ownPlace } from '../../src/lib/frames.ts'

const stackOf = (...frames: string[]) => `Error: no\n${frames.map((frame) => `    at ${frame}`).join('\n')}`
const placeOf = (...frames: string[]) => ownPlace(framesOf(stackOf(...frames), 'no'))

it.each([
  ['behind packages and Node', ['q (/app/node_modules/pg/x.js:1:2)', 'node:net:1:2', 'a.b (file:///app/mail.ts:12:7)']],
  ['without a name', ['/app/mail.ts:12:7']],
  ['after an await', ['async save (/app/mail.ts:12:7)']],
])('finds the first frame of the application: %s', (_where, frames) => {
  expect(placeOf(...frames)).toBe('/app/mail.ts:12:7')
})

it.each([
  ['there is none', ['q (/app/node_modules/pg/x.js:1:2)', 'native']],
  ['its place could be an address', ['x (/app/jo@shop.example/x.ts:1:2)']],
])('says nothing where %s', (_why, frames) => {
  expect(placeOf(...frames)).toBeNull()
})
