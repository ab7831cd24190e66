/** A client on a bare socket, so that a test decides where packets end, what is repeated and when the sender leaves. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

export interface WireResponse {
  readonly status: number
  /** Names in lower case; the last one wins. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export interface Wire {
  readonly socket: Socket
  /** Resolves when the bytes are handed over, or never can be. */
  send(bytes: string | Uint8Array): Promise<void>
  /** The next response. Rejects when the connection ends before it is whole. `head` expects none of its body. */
  response(options?: { readonly head?: boolean }): Promise<WireResponse>
  /** Resolves when the connection is gone, by whatever way. */
  readonly closed: Promise<void>
}

export async function openWire(port: number): Promise<Wire> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  await once(socket, 'connect')
  let received = Buffer.alloc(0)
  let ended = false
  let wake = () => {}
  socket.on('data', (chunk) => {
    received = Buffer.concat([received, chunk])
    wake()
  })
  socket.on('error', () => {}) // `close` follows
  const closed = new Promise<void>((resolve) => {
    const finish = () => {
      ended = true
      socket.destroy()
      wake()
      resolve()
    }
    socket.on('end', finish).on('close', finish)
  })
  return {
    socket,
    closed,
    send: (bytes) => new Promise((resolve) => socket.write(bytes, () => resolve())),
    async response({ head = false } = {}) {
      for (;;) {
        const parsed = parseResponse(received, head)
        if (parsed !== null) {
          received = received.subarray(parsed.length)
          return parsed.response
        }
        if (ended) throw new Error(`connection ended after ${received.length} bytes of a response`)
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    },
  }
}

function parseResponse(bytes: Buffer, head: boolean): { response: WireResponse; length: number } | null {
  const headEnd = bytes.indexOf('\r\n\r\n')
  if (headEnd === -1) return null
  const [statusLine = '', ...lines] = bytes.toString('latin1', 0, headEnd).split('\r\n')
  const status = Number(statusLine.split(' ')[1])
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  )
  const bodyStart = headEnd + 4
  const bodyLength = head || status === 100 ? 0 : Number(headers['content-length'])
  if (Number.isNaN(bodyLength)) throw new Error(`a response without Content-Length: ${statusLine}`)
  if (bytes.length < bodyStart + bodyLength) return null
  const body = bytes.toString('utf8', bodyStart, bodyStart + bodyLength)
  return { response: { status, headers, body }, length: bodyStart + bodyLength }
}

/** The head of a request, with the empty line. A header given as a list occurs more than once. */
export function requestHead(
  method: string,
  path: string,
  headers: Readonly<Record<string, string | number | readonly string[]>> = {},
): string {
  const lines = Object.entries({ Host: 'localhost', ...headers }).flatMap(([name, value]) =>
    [value].flat().map((one) => `${name}: ${one}\r\n`),
  )
  return `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`
}
