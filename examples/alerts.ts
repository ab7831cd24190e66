/** Findings told to Slack, to a pager, and by mail; each of them is one function that `alerts` calls. */
import type { Receiver } from 'posthorn'
import { alerts, type Finding } from 'posthorn/alerts'

/** Slack, or anything with a webhook of such a shape. */
export function slack(url: string) {
  return async ({ state, severity, text, runbook }: Finding): Promise<void> => {
    const body = JSON.stringify({ text: `*${severity}* ${state}: ${text} (${runbook})` })
    await posted(url, body)
  }
}

/** The Events API of PagerDuty: only what is to wake somebody, and its end. */
export function pager(routingKey: string, url = 'https://events.pagerduty.com/v2/enqueue') {
  return async ({ id, about, state, severity, text }: Finding): Promise<void> => {
    if (severity !== 'act') return
    const event = {
      routing_key: routingKey,
      event_action: state === 'ended' ? 'resolve' : 'trigger',
      // What goes on is the same incident.
      dedup_key: `posthorn ${id} ${about ?? ''}`,
      payload: { summary: text, source: about ?? 'posthorn', severity: 'critical' },
    }
    await posted(url, JSON.stringify(event))
  }
}

/** By whatever sends your mail: this is the shape of a transport of nodemailer. */
export interface Mailer {
  sendMail(mail: { from: string; to: string; subject: string; text: string }): Promise<unknown>
}

export function mail(mailer: Mailer, { from, to }: { from: string; to: string }) {
  return async ({ state, severity, text, since, runbook }: Finding): Promise<void> => {
    const subject = `posthorn ${severity} ${state}: ${text}`
    await mailer.sendMail({ from, to, subject, text: `${text}\nsince ${since.toISOString()}\n${runbook}` })
  }
}

/** What throws is told again at the next look. */
async function posted(url: string, body: string): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  const answer = await fetch(url, { method: 'POST', headers, body, signal: AbortSignal.timeout(10_000) })
  if (!answer.ok) throw new Error(`${new URL(url).hostname} answered ${answer.status}`)
}

export function watch(
  receiver: Receiver<never, 'shop'>,
  { slackUrl, pagerKey }: Record<'slackUrl' | 'pagerKey', string>,
) {
  alerts(receiver, {
    notify: slack(slackUrl),
    rules: { silence: { shop: '30m' }, backlog: '15m' },
  })
  alerts(receiver, { name: 'pager', notify: pager(pagerKey) })
}
