/** The table of log events in `docs/operations.md`: the compiler asks for a row for each member of `LogEvent`. */
import type { LogEvent } from '../../src/types.ts'
import { runbookLink } from './log-runbooks.ts'
import { code, codes, table } from './markdown.ts'

type Level = 'info' | 'warn' | 'error'

interface Row {
  readonly levels: readonly Level[]
  /** Beside `event`. */
  readonly facts: string
  readonly meaning: string
}

const row = (levels: string, facts: string, meaning: string): Row => ({
  levels: levels.split(' ') as Level[],
  facts,
  meaning,
})

const LOG_EVENTS: Readonly<Record<LogEvent, Row>> = {
  start: row('info', 'inbox path made sources handlers pending deadLetters quarantined', 'The receiver has started.'),
  'start.failed': row(
    'error',
    'code errorMessage causeCode frames',
    'A start that the first request asked for failed; the message says why.',
  ),
  stop: row('info', 'events timeoutMs', 'The receiver is being stopped; so many events are with handlers.'),
  stopped: row('info', 'returned', 'It has stopped; so many events went back to the inbox.'),
  'stop.kept': row('warn', 'what graceMs', 'Something of the application kept the process running; it was ended.'),
  'source.added': row('info', 'source provider', 'A source was added while the receiver ran.'),
  'source.removed': row('info', 'source', 'A source was removed; its address answers 404.'),
  'source.option': row('warn', 'source', 'An option of the source needs a look; the message says which.'),
  'source.checked': row('info', 'source method', 'A HEAD or GET came, as senders check an address.'),
  'source.unknown': row(
    'warn',
    'mount sources',
    'A request to a path that is no source; the message says what is there.',
  ),
  'source.credential': row(
    'warn',
    'source scheme',
    'The sender cannot send the kind of credential that the source asks for.',
  ),
  'delivery.refused': row('warn', 'source status code', 'A request was not taken; `code` is that of its answer.'),
  'delivery.test': row('info', 'source', 'A test of the sender arrived.'),
  'delivery.conflict': row(
    'warn',
    'source deliveryId earlierId',
    'Two deliveries have one batch id and different bytes.',
  ),
  'delivery.bare_words': row('warn', 'source', 'Values without quotation marks were read as text.'),
  'delivery.not_stored': row(
    'error',
    'code errorMessage causeCode frames',
    'The inbox failed to store a delivery; the sender got 503 and repeats.',
  ),
  'call.failed': row(
    'warn error',
    'source status failure code errorMessage causeCode frames',
    'A source that answers by itself had no answer; `failure` says why, `code` is that of the error.',
  ),
  'call.doubtful': row('warn', 'source', 'A template may read an answer otherwise than it was meant.'),
  'call.not_recorded': row(
    'error',
    'code errorMessage causeCode frames',
    'A call was answered and could not be stored.',
  ),
  'auth.refused': row('warn', 'source reason', 'Credentials were not let in.'),
  'auth.budget': row('warn', 'source', 'Many bad credentials: further dear checks wait in a line.'),
  'auth.keys_unreachable': row('warn', 'source host code', 'The keys of the token issuer could not be fetched.'),
  'auth.custom_failed': row(
    'error',
    'source reason code errorMessage causeCode frames timeoutMs',
    'The function given to `custom` did not answer.',
  ),
  'token.issued': row('info', 'source', 'A sender has fetched a token from `oauth2Issuer`.'),
  'token.refused': row('warn', 'source reason', 'A request for a token was refused.'),
  'secret.short': row('warn', 'source secret short of', 'A secret is short enough to be guessed.'),
  'secret.reloaded': row('info', 'sources', 'The secrets of these sources were read anew.'),
  'sender.left': row(
    'warn',
    'source deliveryId afterMs committed hostAnswered',
    'The sender hung up before its answer, or got one of the host.',
  ),
  'event.unhandled': row('warn', 'source eventName count', 'No handler asks for events of this name.'),
  'event.unknown': row(
    'warn',
    'source eventName count',
    'The sender uses a type that Posthorn does not know; no handler asks.',
  ),
  'event.copy': row('info', 'source deliveryId count', 'Events came before in another delivery and were absorbed.'),
  'event.remark': row(
    'warn',
    'source eventId eventName',
    'Something about an event needs a look; the message says what.',
  ),
  'handler.none': row('warn', '', 'Nothing is registered: deliveries wait.'),
  'handler.failed': row(
    'warn',
    'handler source eventId eventName attempt errorName code causeCode frame',
    'A call failed; it will be repeated.',
  ),
  'handler.dead': row(
    'error',
    'handler source eventId eventName attempts errorName code causeCode frame',
    'The event is a dead letter: no more calls.',
  ),
  'handler.paused': row('warn error', 'handler by', 'The handler is paused, by hand or because it only fails.'),
  'handler.resumed': row('info', 'handler', 'The handler works again.'),
  'handler.new': row('info', 'handler events', 'Events were settled before this handler was registered.'),
  'handler.absent': row(
    'warn',
    'handler events',
    'A handler was here less than 24 hours ago: deliveries belong to it too.',
  ),
  'handler.orphaned': row('warn', 'handler events renamed', 'Work waits for a handler that is not there.'),
  'source.orphaned': row('warn', 'source', 'Deliveries wait for a source that is not there.'),
  'claim.lost': row('warn', 'source deliveryId', 'Another process has taken a delivery over; results are dropped.'),
  'quarantine.element': row('warn', 'source deliveryId index reason path', 'An element could not be read.'),
  'quarantine.delivery': row('warn', 'source deliveryId index reason path', 'A whole delivery could not be read.'),
  'inbox.in_memory': row('warn', 'inbox', 'What the inbox holds is lost with the process.'),
  'inbox.waiting': row('warn', 'inbox path host pid', 'Another process owns the file; this one waits for it.'),
  'inbox.opened': row('warn', 'inbox path', 'Opening the file found something; the message says what.'),
  'inbox.trouble': row(
    'error',
    'inbox path cause frames',
    'Deliveries are answered 503 until the inbox is well again.',
  ),
  'inbox.recovered': row('warn', 'inbox path troubleMs', 'Trouble that was told is over: deliveries are stored again.'),
  'inbox.damaged': row('error', 'inbox seq reason', 'A stored delivery is damaged and goes to quarantine.'),
  'inbox.shard_down': row('error', 'shard code', 'A shard does not answer: its deliveries get 503, and wait in it.'),
  'inbox.shard_up': row('info', 'shard', 'A shard answers again.'),
  'inbox.over_max': row('warn', 'inbox maxBytes', 'The inbox is larger than `retention.maxBytes`.'),
  'inbox.snapshot_held': row(
    'warn',
    'inbox pid state ageMs deadRows',
    'PostgreSQL: a transaction of somebody else has been open for over 5 minutes, and over 100 000 dead rows of what was waiting cannot be removed.',
  ),
  'inbox.order_taken': row(
    'info',
    'inbox handler',
    'This process runs a handler with `orderBy` from now on; the others that have it stand by.',
  ),
  'inbox.clock_leapt': row('warn', 'inbox aheadMs', 'The clock went ahead: retention waits until it has gone evenly.'),
  'inbox.stale': row('warn', '', 'Work has waited for longer than any sender repeats: call `drain()`.'),
  'inbox.close_failed': row(
    'warn',
    'inbox path code errorMessage causeCode frames',
    'The file was left to its next owner to tidy up.',
  ),
  'dashboard.acted': row(
    'info',
    'who verb filter matched queued',
    'Somebody at the dashboard changed something, or saw what is otherwise hidden.',
  ),
  'dashboard.refused': row('warn', 'status reason', 'The dashboard did not answer a request; the message says why.'),
  'dashboard.failed': row(
    'error',
    'what code errorMessage causeCode frames frame',
    'A view of the dashboard, or your `access`, failed; whoever asked got 503.',
  ),
  'hook.threw': row('error', 'hook code causeCode frame', 'One of your `hooks` threw or rejected.'),
  'host.time_limits': row('warn', 'requestTimeout headersTimeout bodyMs', 'The time limits of the server do not fit.'),
  'host.body_consumed': row('error', '', 'Another parser read the body first: nothing was stored.'),
  'host.raw_body': row('warn', '', 'Another parser reads bodies first, under its own limit, and keeps the bytes.'),
  'host.failed': row(
    'error',
    'code errorMessage causeCode frames frame',
    'The server, or a step of `closeOnSignals`, failed; the message says which.',
  ),
  internal: row(
    'error',
    'source code errorMessage causeCode frames',
    'Posthorn or its inbox failed; the message says where.',
  ),
}

export function renderLogEvents(): string {
  const entries = Object.entries(LOG_EVENTS) as [LogEvent, Row][]
  const rows = entries.map(([event, { levels, facts, meaning }]) => [
    code(event),
    levels.join(', '),
    facts === '' ? '' : codes(facts.split(' ')),
    meaning,
    runbookLink(event),
  ])
  return table(['event', 'level', 'facts', 'meaning', 'runbook'], rows)
}
