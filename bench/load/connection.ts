/** One sender: a raw socket with keep-alive, one request at a time, the next as soon as the answer is there. */
import { createConnection, type Socket } from 'node:net'
import { AnswerReader } from './answer.ts'
import type { Message } from './message.ts'

export class Connection {
  readonly #port: number
  readonly #message: Message
  #socket: Socket | null = null
  #reader = new AnswerReader()
  #answered: (status: number) => void = () => {}

  constructor(port: number, message: Message) {
    this.#port = port
    this.#message = message
  }

  /** Resolves with the status, 0 when the connection broke before the answer was whole. Never rejects. */
  post(stamp: number): Promise<number> {
    this.#message.stamp(stamp)
    return new Promise((resolve) => {
      this.#answered = resolve
      this.#socket ??= this.#connect()
      this.#socket.write(this.#message.bytes)
    })
  }

  close(): void {
    this.#socket?.destroy()
  }

  #connect(): Socket {
    const socket = createConnection({ port: this.#port, host: '127.0.0.1', noDelay: true })
    this.#reader = new AnswerReader()
    socket.on('data', (chunk: Buffer) => {
      const status = this.#reader.take(chunk)
      if (status !== null) this.#answered(status)
    })
    // A server that says `connection: close` means the next request, not this answer.
    socket.on('error', () => {})
    socket.on('close', () => {
      if (this.#socket === socket) this.#socket = null
      this.#answered(0)
    })
    return socket
  }
}
