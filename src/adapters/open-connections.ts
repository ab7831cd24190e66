/** What a server has open, as far as it does not close it by itself. */

interface Socket {
  destroy(): void
  once(event: 'close', listener: () => void): void
}

interface Session {
  close(): void
  once(event: 'close', listener: () => void): void
}

export interface Open {
  /** HTTP/2: tells every peer to open no more streams; sessions end with their last one. Node 22 leaves that to us. */
  goAway(): void
  /** Ends every connection: `closeAllConnections` knows nothing of WebSockets, and HTTP/2 servers have no such method. */
  cut(): void
}

/** Follows what the server opens from now on. */
export function openOf(server: { on?(event: string, listener: (opened: unknown) => void): unknown }): Open {
  const sockets = new Set<Socket>()
  const sessions = new Set<Session>()
  server.on?.('connection', follow(sockets))
  server.on?.('session', follow(sessions))
  return {
    goAway() {
      for (const session of sessions) session.close()
    },
    cut() {
      for (const socket of sockets) socket.destroy()
    },
  }
}

function follow<T extends Socket | Session>(open: Set<T>): (opened: unknown) => void {
  return (given) => {
    const opened = given as T // what Node's servers give with these events
    open.add(opened)
    opened.once('close', () => open.delete(opened))
  }
}
