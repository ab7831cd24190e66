import { expect, it } from 'vitest'
import { createCut } from '../../src/lib/cut-address.ts'
import { canonicalEmail } from '../../src/lib/email.ts'

it.each([
  ['jo@shop.example', 'row (JO@Shop.Example) is there', 'row (erased) is there'],
  ['jo@shop.example', 'GET /?to=jo%40shop.example&n=1', 'GET /?to=erased&n=1'],
  ['jo@shop.example', 'to%3Djo%40shop.example%2C', 'to%3Derased%2C'],
  ['jo@shop.example', '"jo"@shop.example, jo@shop.example.', 'erased, erased.'],
  ['jo@shop.example', '"j\\o"@shop.example', 'erased'],
  ['jo@shop.example', 'cut at its length: jo@shop.ex', 'cut at its length: erased'],
  ['jo+news@shop.example', 'jo%2Bnews%40shop.example jo+news%40shop.example', 'erased erased'],
  ['jo@münchen.example', 'jo@münchen.example jo@xn--mnchen-3ya.example', 'erased erased'],
  ['jö@shop.example', 'jo\u0308@shop.example J%C3%B6%40shop.example', 'erased erased'],
])('cuts %s out of %s', (email, text, left) => {
  expect(createCut(canonicalEmail(email))({ errors: [{ message: text, attempt: 1 }] })).toEqual({
    errors: [{ message: left, attempt: 1 }],
  })
})

it.each(['bobjo@shop.example', "o'jo@shop.example", 'jo@shop.example.org', 'jo\u0308 was here', 'x.jo@shop.example'])(
  'leaves %s as it is',
  (text) => {
    expect(createCut('jo@shop.example')(text)).toBe(text)
  },
)
