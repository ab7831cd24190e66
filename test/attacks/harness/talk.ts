/** A conversation on a bare socket: what is sent need not be HTTP, and what comes back is taken as it is. */
import { once } from 'node:events'
import { connect } from 'node:net'

export interface Answer {
  readonly status: number
  /** Names in lower case; the last one wins. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export interface Talk {
  /** Every response, 100 Continue left out. */
  readonly answers: readonly Answer[]
  /** Whether the other side ended the connection. */
  readonly closed: boolean
}

export interface TalkOptions {
  /** Stop after so many responses; without it when the other side closes. */
  readonly answers?: number
  /** The request was HEAD: its response has no body. */
  readonly head?: boolean
  /** Leave after the last byte, without waiting for anything. */
  readonly leave?: boolean
  /** End our side after the last byte, and go on reading. */
  readonly end?: boolean
}

/** Sends the bytes as they are, and reads. */
export async function talk(port: number, bytes: string | Uint8Array, options: TalkOptions = {}): Promise<Talk> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  await once(socket, 'connect')
  let received = ''
  return new Promise((resolve) => {
    const finish = (closed: boolean) => {
      socket.destroy()
      resolve({ answers: parseAnswers(received, options.head === true), closed })
    }
    socket.setEncoding('latin1')
    socket.on('data', (text: string) => {
      received += text
      if (options.answers !== undefined && whole(received, options) >= options.answers) finish(false)
    })
    socket.on('error', () => {}) // `close` follows
    socket.on('end', () => finish(true)).on('close', () => finish(true))
    if (options.leave === true) socket.end(bytes, () => socket.destroy())
    else if (options.end === true) socket.end(bytes)
    else socket.write(bytes)
  })
}

const whole = (received: string, { head = false }: TalkOptions) => parseAnswers(received, head, true).length

/** `strict` leaves out a response that may still go on. */
function parseAnswers(received: string, head: boolean, strict = false): Answer[] {
  const answers: Answer[] = []
  for (let rest = received; rest.includes('\r\n\r\n'); ) {
    const end = rest.indexOf('\r\n\r\n')
    const [statusLine = '', ...lines] = rest.slice(0, end).split('\r\n')
    const headers = Object.fromEntries(
      lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
    )
    const status = Number(statusLine.split(' ')[1])
    const after = rest.slice(end + 4)
    const length = head || status === 100 ? 0 : lengthOf(headers, after)
    if (strict && (length === null || after.length < length)) break
    const body = after.slice(0, length ?? after.length)
    if (status !== 100) answers.push({ status, headers, body: Buffer.from(body, 'latin1').toString() })
    rest = after.slice(body.length)
  }
  return answers
}

/** Of the body on the wire; null when only the end of the connection ends it. Chunked ones are the hosts' own. */
function lengthOf(headers: Answer['headers'], after: string): number | null {
  if (headers['transfer-encoding'] !== undefined) {
    const end = after.indexOf('0\r\n\r\n')
    return end === -1 ? Number.POSITIVE_INFINITY : end + 5
  }
  return headers['content-length'] === undefined ? null : Number(headers['content-length'])
}
