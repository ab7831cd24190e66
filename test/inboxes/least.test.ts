/** The least that an inbox is made of: the methods that `InboxPort` asks for, and none of what an inbox may decline. */
import { expect, it } from 'vitest'
import { MemoryInbox } from '../../src/inboxes/memory/inbox.ts'
import { MemoryStore } from '../../src/inboxes/memory/store.ts'
import type { InboxPort } from '../../src/ports/inbox/index.ts'
import { describeInbox } from '../contracts/inbox.ts'
import { describeGuarantees } from '../contracts/inbox-guarantees.ts'
import { describeProgress } from '../contracts/inbox-progress.ts'
import { describeReplays } from '../contracts/inbox-replay.ts'
import { describeUpkeep } from '../contracts/inbox-upkeep.ts'
import { TestInbox } from './test-inbox.ts'

/** What somebody writes who adds an inbox. The compiler refuses it once the port asks for more. */
function newLeast(kept: MemoryStore): InboxPort {
  const port = new MemoryInbox(kept)
  const { intake, claims, records } = port
  return {
    open: (opening) => port.open(opening),
    close: () => port.close(),
    on: (listener) => port.on(listener),
    carryOut: (command) => port.carryOut(command),
    intake: {
      accept: (delivery, options) => intake.accept(delivery, options),
      noteSenderLeft: (seq) => intake.noteSenderLeft(seq),
      backlogBytes: () => intake.backlogBytes(),
      trouble: () => intake.trouble(),
    },
    claims: {
      claim: (request) => claims.claim(request),
      noteCalls: (claim, calls) => claims.noteCalls(claim, calls),
      saveProgress: (progress) => claims.saveProgress(progress),
      settle: (settlement) => claims.settle(settlement),
      release: (refs) => claims.release(refs),
    },
    records: {
      stats: () => records.stats(),
      delivery: (id) => records.delivery(id),
      read: (seq) => records.read(seq),
      list: (kind, page) => records.list(kind, page),
      history: (page) => records.history(page),
      progress: (deliveryId, index) => records.progress(deliveryId, index),
      handlers: () => records.handlers(),
    },
  }
}

const NO_KEYS = 'it keeps no keys of events: sources with dedupeEvents are refused'
const excused = {
  'has its events absorb copies at once, and those that died none': NO_KEYS,
  'forgets no key that another delivery has taken over': NO_KEYS,
  'knows copies of events for as long as without the leap': NO_KEYS,
  'keeps the keys of events': NO_KEYS,
}

const newStore = () => {
  const kept = new MemoryStore()
  return { next: () => new TestInbox(newLeast(kept)), crash: async () => {}, remove: async () => {}, excused }
}

it('is twenty methods', () => {
  const { intake, claims, records, ...port } = newLeast(new MemoryStore())
  const methods = [port, intake, claims, records].flatMap((face) => Object.values(face))
  expect(methods.every((one) => typeof one === 'function')).toBe(true)
  expect(methods.length).toBeLessThanOrEqual(20)
})

describeInbox('least', newStore)
describeGuarantees('least', newStore)
describeProgress('least', newStore)
describeReplays('least', newStore)
describeUpkeep('least', newStore)
