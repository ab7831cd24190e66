/** Requests whose end two readers could see in two places. The second request inside never carries a credential. */

interface Smuggled {
  readonly input: string
  /** `credential` is a header line; `body` a good body. Ends by itself, or is cut off by the time limit of a body. */
  bytes(credential: string, body: string): Buffer
}

const INSIDE =
  'POST /webhooks/shop HTTP/1.1\r\nHost: localhost\r\nContent-Length: 16\r\nConnection: close\r\n\r\n[{"smuggled":1}]'

const request = (lines: readonly string[], rest: string): Buffer =>
  Buffer.from(`POST /webhooks/shop HTTP/1.1\r\nHost: localhost\r\n${lines.join('\r\n')}\r\n\r\n${rest}`, 'latin1')

const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`
const chunked = (text: string) => `${chunk(text)}0\r\n\r\n`

/** Headers that claim `Transfer-Encoding: chunked` in ways that one reader may believe and another not. */
const CODINGS: readonly (readonly [input: string, ...lines: string[]])[] = [
  ['xchunked', 'Transfer-Encoding: xchunked'],
  ['a space before the colon', 'Transfer-Encoding : chunked'],
  ['a tab before the value', 'Transfer-Encoding:\tchunked'],
  ['a vertical tab before the value', 'Transfer-Encoding: \x0bchunked'],
  ['a folded line', 'Transfer-Encoding:', ' chunked'],
  ['upper case', 'TRANSFER-ENCODING: CHUNKED'],
  ['twice', 'Transfer-Encoding: chunked', 'Transfer-Encoding: identity'],
  ['`chunked, identity`', 'Transfer-Encoding: chunked, identity'],
  ['`identity, chunked`', 'Transfer-Encoding: identity, chunked'],
  ['`gzip, chunked`', 'Transfer-Encoding: gzip, chunked'],
  ['quoted', 'Transfer-Encoding: "chunked"'],
  ['an underscore in the name', 'Transfer_Encoding: chunked'],
  ['a line end before the name', 'X: x', '\nTransfer-Encoding: chunked'],
]

const LENGTHS: readonly (readonly [input: string, value: string])[] = [
  ['+n', '+'],
  ['0x', '0x'],
  ['with a leading zero', '0'],
  ['with a space inside', '1 '],
  ['negative', '-'],
]

export const smuggled: readonly Smuggled[] = [
  {
    input: 'CL.TE: a length for all, chunks that end before',
    bytes: (credential, body) => {
      const rest = `${chunked(body)}${INSIDE}`
      return request([credential, `Content-Length: ${rest.length}`, 'Transfer-Encoding: chunked'], rest)
    },
  },
  {
    input: 'TE.CL: chunks for all, a length that ends before',
    bytes: (credential, body) =>
      request([credential, 'Transfer-Encoding: chunked', `Content-Length: ${body.length}`], `${body}${INSIDE}`),
  },
  ...CODINGS.map(([input, ...lines]) => ({
    input: `TE.TE: Transfer-Encoding ${input}`,
    bytes: (credential: string, body: string) =>
      request([credential, `Content-Length: ${body.length}`, ...lines], `${body}${INSIDE}`),
  })),
  {
    input: 'CL.0: a length of nothing before a body that is a request',
    bytes: (credential) => request([credential, 'Content-Length: 0'], INSIDE),
  },
  {
    input: 'two lengths that differ',
    bytes: (credential, body) =>
      request([credential, `Content-Length: ${body.length}`, 'Content-Length: 5'], `${body}${INSIDE}`),
  },
  {
    input: 'the same length twice',
    bytes: (credential, body) =>
      request([credential, `Content-Length: ${body.length}`, `Content-Length: ${body.length}`], `${body}${INSIDE}`),
  },
  ...LENGTHS.map(([input, prefix]) => ({
    input: `a length ${input}`,
    bytes: (credential: string, body: string) =>
      request([credential, `Content-Length: ${prefix}${body.length}`], `${body}${INSIDE}`),
  })),
  {
    input: 'chunk lines that end in a bare LF',
    bytes: (credential, body) =>
      request([credential, 'Transfer-Encoding: chunked'], `${chunked(body).replaceAll('\r\n', '\n')}${INSIDE}`),
  },
  {
    input: 'a chunk extension of 20 kB',
    bytes: (credential, body) =>
      request(
        [credential, 'Transfer-Encoding: chunked'],
        chunked(body).replace('\r\n', `;a=${'b'.repeat(20_000)}\r\n`) + INSIDE,
      ),
  },
  {
    input: 'a chunk size of 17 digits',
    bytes: (credential, body) =>
      request([credential, 'Transfer-Encoding: chunked'], `1${'0'.repeat(16)}\r\n${body}\r\n0\r\n\r\n${INSIDE}`),
  },
  {
    input: 'a chunk that is longer than its size',
    bytes: (credential, body) =>
      request([credential, 'Transfer-Encoding: chunked'], `5\r\n${body}\r\n0\r\n\r\n${INSIDE}`),
  },
  {
    input: 'the credential in a trailer',
    bytes: (credential, body) =>
      request(
        ['Transfer-Encoding: chunked', 'Trailer: X-MessageSystems-Webhook-Token'],
        `${chunk(body)}0\r\n${credential}\r\n\r\n`,
      ),
  },
  {
    input: 'the credential behind a NUL, a bare CR, a bare LF',
    bytes: (credential, body) =>
      request(
        [`X: a\0${credential}`, `Y: a\r${credential}`, `Z: a\n${credential}`, `Content-Length: ${body.length}`],
        body,
      ),
  },
]
