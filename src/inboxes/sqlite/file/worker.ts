/** The thread of the file: carries calls out one by one, so that a commit never stops the event loop of the process. */
import { constants, setPriority } from 'node:os'
import { type MessagePort, parentPort, type TransferListItem, workerData } from 'node:worker_threads'
import { letGo } from '../../../lib/let-go.ts'
import type { CallName, Calls, FromThread, ToThread } from '../wire/calls.ts'
import { type BriefAnswer, fromBriefRequest, toBriefAnswer } from '../wire/compact.ts'
import type { GroupAnswer, GroupRequest, Settings, StoredRead } from '../wire/protocol.ts'
import { readDelivery, readLatest } from './bodies/read.ts'
import { Checkpointer } from './checkpoint/checkpointer.ts'
import { findFirstSeen } from './claims/event-keys.ts'
import { listHistory, readHandlers, readProgress } from './claims/history.ts'
import { listDeadLetters, listDeliveries, listQuarantine } from './log/listing.ts'
import { listActions, listTallies, readUses } from './operate/looks.ts'
import { readMemo } from './operate/memos.ts'
import { OwnedFile } from './owned-file.ts'
import { Viewer } from './viewer.ts'

if (!parentPort) throw new Error('This file is started by the inbox, as a thread.')
const main: MessagePort = parentPort
const file = new OwnedFile(workerData as Settings, { checkpointer: new Checkpointer() })
const viewer = new Viewer(workerData as Settings)
/** The file to read from: as its owner, or beside the owner. */
let reader: OwnedFile | Viewer = file

const calls: { readonly [K in CallName]: (request: Calls[K][0]) => Calls[K][1] } = {
  open: (request) => file.open(request),
  group: (request) => toBriefAnswer(storeGroup(fromBriefRequest(request))),
  read: (seqs) => reader.read(({ db }) => seqs.map((seq) => readDelivery(db, seq))),
  find: (id) => reader.read(({ db, find }) => readLatest(db, find(id))),
  stats: ({ now }) => reader.stats(now),
  deliveries: (request) => reader.read((from) => listDeliveries(from, request)),
  deadLetters: (request) => reader.read((from) => listDeadLetters(from, request)),
  quarantine: (request) => reader.read((from) => listQuarantine(from, request)),
  history: (request) => reader.read((from) => listHistory(from, request)),
  progress: ({ deliveryId, index }) => reader.read((from) => readProgress(from, deliveryId, index)),
  tallies: (window) => reader.read(({ db }) => listTallies(db, window)),
  seen: () => reader.read(({ db }) => readUses(db)),
  actions: (limit) => reader.read(({ db }) => listActions(db, limit)),
  memo: (name) => reader.read(({ db }) => readMemo(db, name)),
  handlers: () => reader.read(({ db }) => readHandlers(db)),
  probe: () => file.probe(),
  close: ({ now }) => {
    file.close(now)
    return null
  },
  firstSeen: (request) => reader.read(({ db }) => findFirstSeen(db, request)),
  look: ({ now, isBeside = false }) => {
    reader = viewer
    if (isBeside) giveWay()
    if (isBeside) viewer.keepOpen()
    return viewer.look(now)
  },
  wish: ({ now, command }) => viewer.wish(command, now),
  result: (id) => viewer.result(id),
  withdraw: (id) => viewer.withdraw(id),
  fulfil: (request) => viewer.fulfil(request),
  backup: (path) => {
    reader = viewer
    return viewer.backUp(path)
  },
}

main.on('message', ({ id, name, request }: ToThread) => {
  answer(id, name, request)
  if (name === 'group') file.tidy()
})

/** Where processors are scarce, whoever stores goes first. Elsewhere than on Linux it would be the whole process. */
function giveWay(): void {
  if (process.platform === 'linux') setPriority(constants.priority.PRIORITY_BELOW_NORMAL)
}

/** What the small bodies came in was sent for good: once they are stored nobody reads it. */
function storeGroup(request: GroupRequest): GroupAnswer {
  const answer = file.group(request)
  letGo(request.packed)
  return answer
}

function answer(id: number, name: CallName, request: unknown): void {
  try {
    // The sender's types pair name and request; across the message port that cannot be expressed.
    const value = (calls[name] as (request: unknown) => unknown)(request)
    main.postMessage({ id, value } satisfies FromThread, buffersOf(name, value))
  } catch (error) {
    main.postMessage({ id, failure: reader.failureOf(error) } satisfies FromThread)
  }
}

/** The memory of bodies is transferred to the main thread, not copied. */
function buffersOf(name: CallName, value: unknown): TransferListItem[] {
  if (name === 'group') return bodiesOf(value as BriefAnswer)
  if (name !== 'read') return []
  return (value as readonly StoredRead[]).flatMap((read) =>
    'delivery' in read && read.delivery.body.buffer instanceof ArrayBuffer ? [read.delivery.body.buffer] : [],
  )
}

function bodiesOf(answer: BriefAnswer): TransferListItem[] {
  const accepts = answer.lost === null ? answer.accepts : []
  return accepts.flatMap((one) =>
    typeof one === 'object' && 'value' in one && one.value.body ? [one.value.body.buffer as ArrayBuffer] : [],
  )
}
