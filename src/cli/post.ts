/** One POST, plain or over TLS, over a connection of its own, timed from its last byte to the answer: what a sender waits for. */
import { request } from 'node:http'
import { request as secureRequest } from 'node:https'

export interface Posted {
  readonly status: number
  readonly body: string
  /** What the clock of the server said; null: it did not say. */
  readonly date: string | null
  /** From handing over the last byte of the body to the end of the answer, in ms. */
  readonly ackMs: number
  /** The whole exchange, in ms. */
  readonly totalMs: number
}

export function post(
  url: string,
  method: string,
  headers: Record<string, string>,
  body: string | Uint8Array,
): Promise<Posted> {
  return new Promise((resolve, reject) => {
    const began = performance.now()
    let sent = began
    const send = url.startsWith('https:') ? secureRequest : request
    const call = send(
      url,
      { method, headers: { ...headers, 'content-length': Buffer.byteLength(body) } },
      (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk
        })
        response.on('end', () => {
          const end = performance.now()
          resolve({
            status: response.statusCode ?? 0,
            body: text,
            date: response.headers.date ?? null,
            ackMs: end - sent,
            totalMs: end - began,
          })
        })
      },
    )
    call.on('error', reject)
    call.on('finish', () => {
      sent = performance.now()
    })
    call.end(body)
  })
}
