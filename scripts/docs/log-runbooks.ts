/** What to do about log events, in `docs/operations.md`: the compiler asks for a runbook for each member of `LogEvent`. */
import type { LogEvent } from '../../src/types.ts'
import { codes, sections } from './markdown.ts'

interface LogRunbook {
  readonly title: string
  readonly causes: string
  /** Three commands; `shop` and `NAME` stand for a source and a handler of yours. */
  readonly look: readonly [string, string, string]
  readonly wake: string
}

const stats = 'posthorn inbox stats --inbox inbox.db'
const senders = 'posthorn inbox senders --inbox inbox.db'
const handlers = 'posthorn inbox handlers --inbox inbox.db'
const doctor = 'posthorn doctor --inbox inbox.db'
const lines = (what: string) => `journalctl -u app --since -1h | grep '${what}'`

const RUNBOOKS = {
  'in-order': {
    title: 'In order',
    causes:
      'Starts, stops, deploys, tests of a sender, changes that somebody asked for. They need no action; their times help to explain later lines.',
    look: [lines('"event":"start'), senders, stats],
    wake: 'Nobody.',
  },
  'a-start-or-stop': {
    title: 'A start or a stop',
    causes:
      'A missing secret; a file that another process owns or that cannot be opened; an old replica that still runs; a timer or connection that the application does not close.',
    look: [lines('posthorn'), 'ls -l inbox.db*', doctor],
    wake: 'Whoever deployed; at once if `start.failed` or `inbox.waiting` repeats: deliveries are answered 503.',
  },
  'an-address-or-option': {
    title: 'An address or an option',
    causes:
      'A mount path that differs from the address at the sender; a credential that the sender cannot send; an option that does not fit; a server or body parser around Posthorn with its own limits.',
    look: [lines('source\\.\\|host\\.'), 'posthorn hooks ls', 'posthorn send momentum.click --help'],
    wake: 'Whoever deployed; at once for `host.body_consumed`: nothing is stored.',
  },
  'refused-posts': {
    title: 'Posts that are refused',
    causes:
      'Wrong credentials after a rotation; strangers; bodies over the limit; a receiver that is not ready, or whose backlog is too large.',
    look: [lines('\\.refused\\|auth\\.\\|token\\.'), 'posthorn hooks plan', senders],
    wake: 'Whoever rotates secrets; at once if a sender that was accepted yesterday is refused today.',
  },
  'what-came': {
    title: 'What came',
    causes:
      'New types of events; two webhooks with the same address; a template of yours that does not write valid JSON; a sender that repeats a batch with other bytes.',
    look: [
      'posthorn inbox ls --inbox inbox.db --filter "source:shop since:1h"',
      senders,
      lines('event\\.\\|delivery\\.'),
    ],
    wake: 'Nobody; look in the morning.',
  },
  'answers-that-are-late': {
    title: 'Answers that are late, or missing',
    causes:
      'A slow or full disk; a busy event loop; a proxy with a shorter time limit; a function of yours that answers a workflow too slowly.',
    look: ['iostat -x 5 3', lines('sender\\.left\\|not_stored\\|call\\.'), stats],
    wake: 'Whoever runs the machine, at once: senders suspend webhooks that fail.',
  },
  handlers: {
    title: 'Handlers',
    causes: 'A service that the handler needs is down; a fault of the handler; data that it cannot process.',
    look: [handlers, 'posthorn inbox dead --inbox inbox.db --filter handler:NAME', lines('handler\\.')],
    wake: 'The owner of the handler; also at night if the handler suppresses or unsubscribes addresses.',
  },
  'work-without-an-owner': {
    title: 'Work without an owner',
    causes:
      'A handler or source that was renamed or removed; another version that runs beside this one during a deploy; a process that was stopped for so long that another took over its work.',
    look: [handlers, stats, 'posthorn inbox drop --inbox inbox.db --filter handler:NAME --dry-run'],
    wake: 'Whoever deployed, in the morning: nothing is lost, the work waits.',
  },
  quarantine: {
    title: 'Quarantine',
    causes:
      'A change at the sender; another program that posts to the address; a damaged file; an event that kills the process.',
    look: [
      'posthorn inbox quarantine --inbox inbox.db',
      'posthorn inbox diff --inbox inbox.db',
      'posthorn inbox reparse --inbox inbox.db --filter since:1d --dry-run',
    ],
    wake: 'The team that runs the receiver, in the morning.',
  },
  'the-inbox': {
    title: 'The inbox',
    causes:
      'A full, slow or broken disk; a copy or a mount of the database file without its `-wal` file; a clock that jumped; a backlog that no handler works off; the inbox for tests in production.',
    look: ['df -h .', doctor, stats],
    wake: 'Whoever runs the machine, at once for `inbox.trouble` and `inbox.damaged`.',
  },
  'code-of-yours': {
    title: 'Code of yours, or ours',
    causes:
      'A hook, an instrument or the server threw an error. `internal` is a fault of Posthorn or its inbox: please report it, with the stack frames of its line.',
    look: [lines('hook\\.threw\\|host\\.failed\\|internal'), doctor, 'npm ls posthorn'],
    wake: 'The owner of the code, in the morning; at once if `internal` repeats.',
  },
} as const satisfies Readonly<Record<string, LogRunbook>>

type RunbookId = keyof typeof RUNBOOKS

const OF: Readonly<Record<LogEvent, RunbookId>> = {
  start: 'in-order',
  'start.failed': 'a-start-or-stop',
  stop: 'in-order',
  stopped: 'in-order',
  'stop.kept': 'a-start-or-stop',
  'source.added': 'in-order',
  'source.removed': 'in-order',
  'source.option': 'an-address-or-option',
  'source.checked': 'in-order',
  'source.unknown': 'an-address-or-option',
  'source.credential': 'an-address-or-option',
  'delivery.refused': 'refused-posts',
  'delivery.test': 'in-order',
  'delivery.conflict': 'what-came',
  'delivery.bare_words': 'what-came',
  'delivery.not_stored': 'answers-that-are-late',
  'call.failed': 'answers-that-are-late',
  'call.doubtful': 'what-came',
  'call.not_recorded': 'answers-that-are-late',
  'auth.refused': 'refused-posts',
  'auth.budget': 'refused-posts',
  'auth.keys_unreachable': 'refused-posts',
  'auth.custom_failed': 'refused-posts',
  'token.issued': 'in-order',
  'token.refused': 'refused-posts',
  'secret.short': 'an-address-or-option',
  'secret.reloaded': 'in-order',
  'sender.left': 'answers-that-are-late',
  'event.unhandled': 'what-came',
  'event.unknown': 'what-came',
  'event.copy': 'in-order',
  'event.remark': 'what-came',
  'handler.none': 'work-without-an-owner',
  'handler.failed': 'handlers',
  'handler.dead': 'handlers',
  'handler.paused': 'handlers',
  'handler.resumed': 'in-order',
  'handler.new': 'in-order',
  'handler.absent': 'work-without-an-owner',
  'handler.orphaned': 'work-without-an-owner',
  'source.orphaned': 'work-without-an-owner',
  'claim.lost': 'work-without-an-owner',
  'quarantine.element': 'quarantine',
  'quarantine.delivery': 'quarantine',
  'inbox.in_memory': 'the-inbox',
  'inbox.waiting': 'a-start-or-stop',
  'inbox.opened': 'the-inbox',
  'inbox.trouble': 'the-inbox',
  'inbox.recovered': 'in-order',
  'inbox.damaged': 'the-inbox',
  'inbox.shard_down': 'the-inbox',
  'inbox.shard_up': 'in-order',
  'inbox.over_max': 'the-inbox',
  'inbox.snapshot_held': 'the-inbox',
  'inbox.order_taken': 'in-order',
  'inbox.clock_leapt': 'the-inbox',
  'inbox.stale': 'the-inbox',
  'inbox.close_failed': 'a-start-or-stop',
  'dashboard.acted': 'in-order',
  'dashboard.refused': 'refused-posts',
  'dashboard.failed': 'code-of-yours',
  'hook.threw': 'code-of-yours',
  'host.time_limits': 'an-address-or-option',
  'host.body_consumed': 'an-address-or-option',
  'host.raw_body': 'an-address-or-option',
  'host.failed': 'code-of-yours',
  internal: 'code-of-yours',
}

/** The link in the row of an event. */
export const runbookLink = (event: LogEvent): string => `[${RUNBOOKS[OF[event]].title}](#${anchorOf(OF[event])})`

const anchorOf = (id: RunbookId) =>
  RUNBOOKS[id].title
    .toLowerCase()
    .replaceAll(/[^\w ]/g, '')
    .replaceAll(' ', '-')

export function renderLogRunbooks(): string {
  return sections(...(Object.keys(RUNBOOKS) as RunbookId[]).map(render)).trimEnd()
}

function render(id: RunbookId): string {
  const { title, causes, look, wake } = RUNBOOKS[id]
  const events = (Object.keys(OF) as LogEvent[]).filter((event) => OF[event] === id)
  const parts = [`**Events** ${codes(events)}`, `**Likely causes** ${causes}`, ['```sh', ...look, '```'].join('\n')]
  return [`#### ${title}`, ...parts, `**Wake** ${wake}`].join('\n\n')
}
