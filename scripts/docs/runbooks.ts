/** The runbooks of `docs/alerts.md`: the compiler asks for one for each finding. */
import { FINDINGS, type FindingId } from '../../src/alerts/rules.ts'
import { code, sections } from './markdown.ts'

interface Runbook {
  /** When it is found. */
  readonly when: string
  readonly means: string
  readonly causes: string
  readonly look: readonly [string, string, string]
  readonly wake: string
  /** In `ops/prometheus/posthorn.rules.yml`. */
  readonly alert: string
}

const stats = 'posthorn inbox stats --inbox inbox.db'

export const RUNBOOKS: Readonly<Record<FindingId, Runbook>> = {
  storage_refuses: {
    when: '`health().ready` is false, in a process that takes deliveries by its role',
    means:
      'Deliveries are answered 503. Nothing is lost while the senders repeat: Momentum for 4 hours, SparkPost for 8.',
    causes: 'A full or broken disk, a file that another process owns, a backlog over `limits.backlogBytes`.',
    look: ['df -h /data', stats, "journalctl -u app | grep -E 'inbox\\.(trouble|waiting|damaged)'"],
    wake: 'Whoever runs the machine, at once.',
    alert: 'PosthornNotReady',
  },
  disk_low: {
    when: 'less than a tenth of the disk is free (`rules.diskFree`)',
    means: 'When it is full, deliveries are answered 503.',
    causes: 'Long retention, handlers that are down and leave a backlog, another program on the same disk.',
    look: ['df -h /data', 'du -sh /data/*', stats],
    wake: 'Whoever runs the machine, the same day; at once where it fills fast. `retention.maxBytes` bounds the inbox.',
    alert: 'PosthornDiskLow',
  },
  backlog_old: {
    when: 'the oldest delivery with work left is over 15 minutes old (`rules.backlog`)',
    means: 'Events are stored, and handlers are behind: suppressions and unsubscribes are late.',
    causes: 'A handler that is paused, slow or waits for a retry; a burst; a worker that does not run.',
    look: [stats, 'posthorn inbox handlers --inbox inbox.db', 'posthorn inbox dead --inbox inbox.db'],
    wake: 'The owner of the handler that is behind; at night where unsubscribes go through it.',
    alert: 'PosthornBacklogOld',
  },
  sender_silent: {
    when: 'silence over 10 times the usual gap and 10 minutes (look), 30 of each (act), or over `rules.silence`',
    means: 'Nothing comes from a sender that used to post.',
    causes: 'A webhook that the sender has suspended or deleted, a changed address or certificate, no mail being sent.',
    look: [
      'posthorn hooks test',
      'curl -sI https://your.host/webhooks/shop',
      'posthorn inbox senders --inbox inbox.db',
    ],
    wake: 'Whoever owns the account at the sender; at once, since Momentum deletes a webhook after 4 hours of failures.',
    alert: 'PosthornSenderSilent',
  },
  senders_leave: {
    when: 'over 5 % of the senders of 15 minutes hung up before their answer, of 20 at least',
    means: 'What they sent is stored or comes again, but they count it as failed and may suspend the webhook.',
    causes: 'A slow disk, a busy event loop, a proxy with a shorter time limit.',
    look: ["journalctl -u app | grep 'sender\\.left'", 'iostat -x 5 3', stats],
    wake: 'Whoever runs the machine, at once.',
    alert: 'PosthornSendersLeave',
  },
  answers_near_limit: {
    when: '1 % of the answers of 15 minutes took over half (look) or nine tenths (act) of the time the sender waits',
    means: 'Soon senders will hang up.',
    causes: 'A slow disk; bodies that come in slowly through a proxy do not count.',
    look: ['iostat -x 5 3', 'top -H -p $(pgrep -n node)', stats],
    wake: 'Whoever runs the machine.',
    alert: 'PosthornAckNearLimit',
  },
  credentials_refused: {
    when: 'over 100 requests of ten minutes were not let in',
    means: 'Somebody posts with wrong credentials: 401, and nothing is stored.',
    causes: 'A rotation that one side did not make, a stranger who tries.',
    look: [
      "journalctl -u app | grep 'auth\\.refused'",
      'posthorn hooks plan',
      'posthorn inbox senders --inbox inbox.db',
    ],
    wake: 'Whoever rotates the secrets, in the morning; at once where deliveries are missing.',
    alert: 'PosthornAuthRefused',
  },
  handler_paused: {
    when: 'a handler is paused because it only fails',
    means: 'Its events wait in the inbox; one is tried from time to time, and it resumes by itself.',
    causes: 'What it depends on is down, or a deploy broke it.',
    look: [
      'posthorn inbox handlers --inbox inbox.db',
      'posthorn inbox dead --inbox inbox.db',
      "journalctl -u app | grep 'handler\\.failed'",
    ],
    wake: 'The owner of the handler.',
    alert: 'PosthornHandlerPaused',
  },
  dead_letters: {
    when: 'an event died in the last 15 minutes, by handler',
    means: 'The handler failed it for good, after all its attempts or with `PermanentError`; it is kept 90 days.',
    causes: 'A fault of the handler, data it does not take.',
    look: [
      'posthorn inbox dead --inbox inbox.db --filter handler:NAME',
      'posthorn inbox show EVENT --inbox inbox.db',
      'posthorn inbox retry --inbox inbox.db --filter handler:NAME',
    ],
    wake: 'The owner of the handler, in the morning.',
    alert: 'PosthornDeadLetters',
  },
  quarantine: {
    when: 'something went to quarantine in the last 15 minutes, by source',
    means: 'Bytes could not be read, or an event killed the process three times; they are kept 90 days.',
    causes: 'A change at the sender, something else posting to the address, a handler that crashes the process.',
    look: [
      'posthorn inbox quarantine --inbox inbox.db',
      'posthorn inbox diff --inbox inbox.db --filter since:1d',
      'posthorn inbox reparse --inbox inbox.db --filter since:1d --dry-run',
    ],
    wake: 'The team that runs the receiver, in the morning.',
    alert: 'PosthornQuarantine',
  },
  repeats_storm: {
    when: 'over 5 % (look) or 20 % (act) of the deliveries of an hour were repeats, from 20 deliveries on',
    means: 'Senders do not see our answers: each repeat is absorbed, but they may suspend the webhook.',
    causes: 'A proxy that cuts answers, slow answers, two webhooks with one address.',
    look: ["journalctl -u app | grep 'sender\\.left'", 'posthorn hooks ls', 'posthorn inbox senders --inbox inbox.db'],
    wake: 'Whoever runs the proxy.',
    alert: 'PosthornRepeatStorm',
  },
  old_credential: {
    when: 'a credential that is not the first of its list let a request in within a day',
    means: 'A rotation is not over: somebody still posts with the old secret.',
    causes: 'One of several webhooks was not changed.',
    look: ['posthorn hooks ls', 'posthorn hooks plan', 'posthorn inbox senders --inbox inbox.db'],
    wake: 'Nobody; finish the rotation.',
    alert: 'PosthornOldCredential',
  },
  unknown_type: {
    when: 'an event of a type that Posthorn does not know came in the last hour',
    means: 'It arrives as `<sender>.unknown`, and is kept; no handler with a name of its own gets it.',
    causes: 'The sender has a new type of event.',
    look: [
      'posthorn inbox events --inbox inbox.db --filter "type:unknown since:1d"',
      'npm outdated posthorn',
      'posthorn inbox show EVENT --inbox inbox.db',
    ],
    wake: 'Nobody; update, then `reparse`.',
    alert: 'PosthornUnknownType',
  },
  late_events: {
    when: 'over a tenth of the events of an hour came more than 10 minutes after they happened',
    means: 'The sender is behind, or repeats what it could not deliver before.',
    causes: 'An incident at the sender, an outage of ours that it catches up with.',
    look: [
      'posthorn inbox events --inbox inbox.db --filter "late:>10m since:1h"',
      'posthorn inbox senders --inbox inbox.db',
      stats,
    ],
    wake: 'Nobody; look at the status page of the sender.',
    alert: 'PosthornLate',
  },
  clock_off: {
    when: 'over half of the events of an hour come from more than a minute ahead',
    means: 'Our clock is behind, or that of the sender ahead; times of retries and retention are off.',
    causes: 'A machine without time synchronisation.',
    look: ['timedatectl', 'chronyc tracking', 'curl -sI https://www.example.com | grep -i ^date'],
    wake: 'Whoever runs the machine.',
    alert: 'none: the histogram of lateness has no bucket below zero',
  },
}

export function renderRunbooks(): string {
  return sections(...FINDINGS.map(render)).trimEnd()
}

function render(id: FindingId): string {
  const { when, means, causes, look, wake, alert } = RUNBOOKS[id]
  return [
    `### ${id}`,
    '',
    `**When** ${when}. Alert: ${alert.startsWith('Posthorn') ? code(alert) : alert}.`,
    '',
    `**Means** ${means}`,
    '',
    `**Likely causes** ${causes}`,
    '',
    '```sh',
    ...look,
    '```',
    '',
    `**Wake** ${wake}`,
  ].join('\n')
}
