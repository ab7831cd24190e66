/** The process ends after a signal, whatever the application has left open. */
import { memory } from 'posthorn/memory'
import { afterEach, describe, expect, it, test } from 'vitest'
import { closeOnSignals as onFastify } from '../../src/adapters/fastify.ts'
import { type CloseOptions, closeOnSignals } from '../../src/adapters/node.ts'
import { createReceiver } from '../../src/core/receiver.ts'
import { Child } from '../support/child.ts'
import { createScriptedReceiver } from '../support/scripted-receiver.ts'
import { toy } from '../support/toy.ts'

const SCRIPT = new URL('../fixtures/ending-server.ts', import.meta.url).pathname
const LATE_MS = 2 ** 31 - 1

let child: Child | undefined
afterEach(() => child?.kill())

/** What is logged from the signal on, and how the process ends. */
async function stop(options: CloseOptions, after = 'nothing', handles = 'no') {
  const started = new Child(SCRIPT, [JSON.stringify(options), after, handles])
  child = started
  await started.line('ready')
  const from = started.lines.length
  const { code, signal } = await started.kill('SIGTERM')
  const lines = started.lines.slice(from).map(({ level, message }) => `${level}: ${message}`)
  return { code, signal, lines, told: started.lines.slice(from) }
}

const STOPS = ['info: stopping: 0 events with handlers, 10 s', 'info: stopped, nothing left over']

describe('closeOnSignals', () => {
  it('ends the process after graceMs, and names what kept it', async () => {
    const { code, signal, lines } = await stop({ graceMs: 20 })
    expect([code, signal]).toEqual([0, null])
    expect(lines).toEqual([...STOPS, expect.stringMatching(/^warn: .* 20 ms after its stop and is ended: 1 × timer$/)])
  })

  it('lets it end by itself when after has ended what kept it', async () => {
    const { code, lines } = await stop({ graceMs: LATE_MS }, 'ends it')
    expect({ code, lines }).toEqual({ code: 0, lines: STOPS })
  })

  it.each([
    ['hangs', /after did not end within 30 ms/, { code: 'TimeoutError', frame: null }],
    ['fails', /after failed/, { code: 'Error', frame: expect.stringMatching(/ending-server\.ts:\d+:\d+$/) }],
  ])('ends it with 1 when after %s', async (after, message, facts) => {
    const { code, told } = await stop({ timeoutMs: 30, graceMs: 0 }, after)
    expect(code).toBe(1)
    expect(told).toContainEqual(
      expect.objectContaining({ level: 'error', message: expect.stringMatching(message), ...facts }),
    )
  })

  it('says how many events are with handlers, and what went back', async () => {
    const { code, lines } = await stop({ timeoutMs: 30, graceMs: 0 }, 'ends it', 'handles')
    expect(code).toBe(1)
    expect(lines.slice(0, 2)).toEqual([
      'info: stopping: 1 event with handlers, 0.03 s',
      'info: stopped: the work on 1 event went back to the inbox',
    ])
  })
})

const refused = expect.objectContaining({ code: 'ERR_OPTION' })
const { receiver } = createScriptedReceiver()
const server = { close() {} }

test.each([
  ['graceMs', { graceMs: -1 }],
  ['a time that no timer can wait', { timeoutMs: 2 ** 31 }],
  ['after', { after: 'pool.end()' }],
])('a wrong %s is refused', (_, options) => {
  expect(() => closeOnSignals(server, receiver, options as CloseOptions)).toThrow(refused)
})

test.each([
  ['no server', () => closeOnSignals(undefined as never, receiver)],
  ['no receiver', () => closeOnSignals(server, undefined as never)],
  ['no app of Fastify', () => onFastify(undefined as never, receiver)],
  ['the server of an app of Fastify', () => onFastify(server as never, receiver)],
])('%s is refused when it is called', (_, call) => {
  const before = process.listenerCount('SIGTERM')
  expect(call).toThrow(refused)
  expect(process.listenerCount('SIGTERM')).toBe(before)
})

test('a receiver that was never started stops without a word', async () => {
  const lines: string[] = []
  const tell = (_: object, message: string) => void lines.push(message)
  const quiet = createReceiver({
    inbox: memory(),
    sources: { shop: toy() },
    logger: { info: tell, warn: tell, error: tell },
  })
  await quiet.close()
  expect(lines).toEqual([])
})
