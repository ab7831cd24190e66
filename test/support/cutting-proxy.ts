/** A way to a server that can be cut: after a request has gone through, before its answer comes back; or held up. */
import { connect, createServer, type Socket } from 'node:net'

export interface CuttingProxy {
  readonly port: number
  /** The answer to the nth request from now on does not arrive: the connection is closed in its place. */
  cutAnswer(nth: number): void
  /** Whether that has happened. */
  readonly hasCut: boolean
  /** Nothing goes on in any direction until `resume`. */
  pause(): void
  resume(): void
  /** What connects from now on comes to this port; what is connected is cut. */
  aim(target: number): void
  close(): Promise<void>
}

export async function startProxy(first: number): Promise<CuttingProxy> {
  let target = first
  let left = Number.POSITIVE_INFINITY
  let [hasCut, isPaused] = [false, false]
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const upstream = connect(target, '127.0.0.1')
    let isDoomed = false
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        sockets.delete(socket)
        client.destroy()
        upstream.destroy()
      })
      if (isPaused) socket.pause()
    }
    client.on('data', (data) => {
      left -= 1
      if (left === 0) isDoomed = true
      upstream.write(data)
    })
    upstream.on('data', (data) => {
      if (!isDoomed) client.write(data)
      else {
        hasCut = true
        client.destroy()
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    cutAnswer(nth) {
      left = nth
      hasCut = false
    },
    get hasCut() {
      return hasCut
    },
    pause() {
      isPaused = true
      for (const socket of sockets) socket.pause()
    },
    resume() {
      isPaused = false
      for (const socket of sockets) socket.resume()
    },
    aim(next) {
      target = next
      for (const socket of sockets) socket.destroy()
    },
    close() {
      for (const socket of sockets) socket.destroy()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}
