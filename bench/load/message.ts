/** One request as bytes, made once; before each post only the digits of its stamp are changed. */
import { STAMP, STAMP_DIGITS } from '../bodies/bodies.ts'

export class Message {
  readonly bytes: Buffer
  readonly #stampAt: number

  /** @throws Error when neither head nor body has a stamp: every post but the first would be a duplicate */
  constructor(path: string, headers: readonly string[], body: Buffer) {
    const head = [`POST ${path} HTTP/1.1`, 'host: 127.0.0.1', ...headers, `content-length: ${body.length}`]
    this.bytes = Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), body])
    const at = this.bytes.indexOf(STAMP)
    if (at < 0) throw new Error('the request has no stamp')
    this.#stampAt = at + STAMP.length
  }

  stamp(number: number): void {
    this.bytes.write(String(number).padStart(STAMP_DIGITS, '0'), this.#stampAt, 'latin1')
  }
}
