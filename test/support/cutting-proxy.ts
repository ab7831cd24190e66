/** A way to a server that can be cut: after a request has gone through, before its answer comes back; or held up, at a statement too. */
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
  /** Resolves when a connection stands still at these statements. */
  standAt(place: Place): Promise<void>
  /** What connects from now on comes to this port; what is connected is cut. */
  aim(target: number): void
  close(): Promise<void>
}

/** Where a connection stands still: nothing of it goes on, while the others do. */
export interface Place {
  /** What its requests have in them, one after the other; others may come in between. */
  readonly texts: readonly string[]
  /** The last of these does not reach the server, or its answer does not come back. */
  readonly when: 'before' | 'after'
}

export async function startProxy(first: number): Promise<CuttingProxy> {
  let target = first
  let left = Number.POSITIVE_INFINITY
  let [hasCut, isPaused] = [false, false]
  let standing: (Place & { readonly reached: () => void }) | null = null
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const upstream = connect(target, '127.0.0.1')
    let isDoomed = false
    let seen = 0
    let [isAtPlace, standsStill] = [false, false]
    const stand = () => {
      standsStill = true
      standing?.reached()
      standing = null
    }
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
      if (standing !== null && data.includes(standing.texts[seen] ?? '')) seen += 1
      isAtPlace ||= standing !== null && seen === standing.texts.length
      if (isAtPlace && standing?.when === 'before') stand()
      if (!standsStill) upstream.write(data)
    })
    upstream.on('data', (data) => {
      if (isAtPlace && standing?.when === 'after') stand()
      if (standsStill) return
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
    standAt(place) {
      return new Promise((reached) => {
        standing = { ...place, reached }
      })
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
