/**
 * Ports for programs that a test starts, and starts anew on the same one. They lie below those that the system gives
 * to connections and to `listen(0)`: a port from there may be another's as soon as the probe lets go of it.
 */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'

const LOWEST = 10_240

/** The first of `count` ports in a row on which nobody listens. */
export async function freePort(count = 1): Promise<number> {
  for (;;) {
    const first = LOWEST + Math.floor(Math.random() * (lowestGiven() - count - LOWEST))
    const tried = await Promise.all(Array.from({ length: count }, (_, at) => isFree(first + at)))
    if (tried.every(Boolean)) return first
  }
}

/** The lowest port that the system gives away itself; 32768 is the usual one of Linux. */
function lowestGiven(): number {
  try {
    return Number.parseInt(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8'), 10)
  } catch {
    return 32_768
  }
}

async function isFree(port: number): Promise<boolean> {
  const probe = createServer().listen(port, '127.0.0.1')
  try {
    await once(probe, 'listening')
  } catch {
    return false
  }
  probe.close()
  await once(probe, 'close')
  return true
}
