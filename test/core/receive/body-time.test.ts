import { afterEach, expect, it } from 'vitest'
import { port } from '../../../src/lib/symbols.ts'
import type { Source } from '../../../src/ports/provider.ts'
import { FakeClock, settled } from '../../support/fake-clock.ts'
import { send } from '../../support/neutral.ts'
import { receiverIn } from '../../support/receivers.ts'
import { type ToyEvent, toy } from '../../support/toy.ts'

/** A toy source whose bodies may take so long. */
function patient(bodyMs: number): Source<ToyEvent> {
  const source = toy()
  return { ...source, [port]: { ...source[port], bodyMs } }
}

const ends: (() => void)[] = []
afterEach(() => {
  for (const end of ends.splice(0)) end()
})

/** One byte, and then nothing until the test is over. */
async function* endless(): AsyncGenerator<Uint8Array> {
  yield Uint8Array.of(0x5b)
  await new Promise<void>((resolve) => ends.push(resolve))
}

it('gives a body the time of its source, and where it has none that of the receiver', async () => {
  const clock = new FakeClock()
  const sources = { slow: patient(120_000), quick: patient(1_000), shop: toy() }
  const receiver = receiverIn(clock, { sources, limits: { bodyMs: 30_000, minBytesPerSecond: 0 } })
  await receiver.start()
  const answered: string[] = []
  for (const source of Object.keys(sources))
    void send(receiver, { source, body: endless() }).then(({ json }) => answered.push(`${source} ${json.error}`))
  await clock.advance(1_000)
  expect(answered).toEqual(['quick body_too_slow'])
  await clock.advance(29_000)
  expect(answered).toEqual(['quick body_too_slow', 'shop body_too_slow'])
  await clock.advance(90_000)
  await settled()
  expect(answered).toEqual(['quick body_too_slow', 'shop body_too_slow', 'slow body_too_slow'])
})
