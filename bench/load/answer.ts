/** As much of HTTP/1.1 as the answers of the measured servers need: a status and a body of announced length. */

export class AnswerReader {
  #text = ''

  /** The status once the answer is whole, else null. @throws Error when its length is not announced */
  take(chunk: Buffer): number | null {
    this.#text += chunk.toString('latin1')
    const headEnd = this.#text.indexOf('\r\n\r\n')
    if (headEnd < 0) return null
    const length = /\r\ncontent-length: *(\d+)/i.exec(this.#text.slice(0, headEnd))?.[1]
    if (length === undefined) throw new Error('an answer without content-length cannot be read here')
    if (this.#text.length < headEnd + 4 + Number(length)) return null
    const status = Number(this.#text.slice(9, 12))
    this.#text = ''
    return status
  }
}
