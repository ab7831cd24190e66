/** The thread that renews, with a driver of the test in the place of `pg`. */
import { Worker } from 'node:worker_threads'
import { expect, it } from 'vitest'

/** Connects slower than the lease is renewed; counts connections and renewals. */
const driver = `data:text/javascript,${encodeURIComponent(`
  import { workerData } from 'node:worker_threads'
  class Client {
    constructor() { Atomics.add(workerData.counts, 0, 1) }
    on() {}
    connect() { return new Promise((resolve) => setTimeout(resolve, workerData.everyMs * 20)) }
    async query() { Atomics.add(workerData.counts, 1, 1); return { rows: [{}] } }
    async end() {}
  }
  export default { Client }`)}`

it('makes one connection, however long that takes', async () => {
  const counts = new Int32Array(new SharedArrayBuffer(8))
  const beats = new Int32Array(new SharedArrayBuffer(4))
  const renewedAt = new BigInt64Array(new SharedArrayBuffer(8))
  const terms = {
    driver,
    connectionString: '',
    text: '',
    owner: '1',
    leaseMs: 25,
    everyMs: 5,
    stallMs: 600_000,
    beats,
    renewedAt,
  }
  const worker = new Worker(new URL('../../../src/inboxes/postgres/lease/worker.ts', import.meta.url), {
    workerData: { ...terms, counts },
  })
  try {
    await expect.poll(() => Atomics.load(counts, 1), { timeout: 20_000 }).toBeGreaterThan(2)
    expect(Atomics.load(counts, 0)).toBe(1)
    expect(Atomics.load(renewedAt, 0)).toBeGreaterThan(0n)
  } finally {
    await worker.terminate()
  }
})

it('renews no more once the loop of its process has stood for longer than it may, and again when it turns', async () => {
  const counts = new Int32Array(new SharedArrayBuffer(8))
  const beats = new Int32Array(new SharedArrayBuffer(4))
  const renewedAt = new BigInt64Array(new SharedArrayBuffer(8))
  const terms = { driver, connectionString: '', text: '', owner: '1', leaseMs: 25, everyMs: 5, stallMs: 200 }
  const worker = new Worker(new URL('../../../src/inboxes/postgres/lease/worker.ts', import.meta.url), {
    workerData: { ...terms, beats, renewedAt, counts },
  })
  const renewals = () => Atomics.load(counts, 1)
  try {
    await expect
      .poll(
        () => {
          Atomics.add(beats, 0, 1)
          return renewals()
        },
        { timeout: 20_000, interval: 5 },
      )
      .toBeGreaterThan(2)
    let before = -1
    const stands = () => {
      const now = renewals()
      const isStill = now === before
      before = now
      return isStill
    }
    await expect.poll(stands, { timeout: 20_000, interval: 500 }).toBe(true)
    Atomics.add(beats, 0, 1)
    await expect.poll(renewals, { timeout: 20_000 }).toBeGreaterThan(before)
  } finally {
    await worker.terminate()
  }
})
