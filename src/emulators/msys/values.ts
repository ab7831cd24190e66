/**
 * Every field an event of a message can have, with its value; which of them are sent is the edition's affair.
 * Source: SparkPost API, Webhooks, June 2026
 * (github.com/SparkPost/developers.sparkpost.com, content/api/webhooks.apib).
 */
import type { Failure, Step } from '../kit/life-cycle.ts'
import type { Message } from '../kit/message.ts'
import type { CopyIds } from './ids.ts'

type Values = Record<string, unknown>

/** Bounce classes: the same table in the documents of Momentum 4 and of SparkPost. */
const BOUNCE_CLASS: Readonly<Record<Failure['kind'], string>> = {
  unknown_user: '10',
  mailbox_full: '22',
  dns: '21',
  timeout: '24',
  suppressed: '25',
  blocked: '50',
  spam: '51',
  auto_reply: '60',
}

/** When it happened, in epoch milliseconds. */
export const timeOf = ({ message, afterMs }: Step): number => message.sentAtMs + afterMs

export function valuesOf(step: Step, ids: CopyIds): Values {
  return {
    ...messageValues(step.message, ids),
    ...('failure' in step ? failureValues(step.failure) : {}),
    ...('agent' in step ? visitValues(step) : {}),
    ...(step.kind === 'clicked' ? linkValues(step.link) : {}),
    timestamp: String(Math.floor(timeOf(step) / 1_000)),
    num_retries: String('retries' in step ? step.retries : 0),
    queue_time: String(Math.round(step.afterMs)),
  }
}

function messageValues(message: Message, ids: CopyIds): Values {
  return {
    customer_id: '1',
    message_id: ids.messageId,
    transmission_id: ids.transmissionId,
    campaign_id: message.campaign,
    template_id: message.template,
    template_version: '3',
    subject: message.subject,
    friendly_from: message.from,
    msg_from: `msprvs1=${ids.messageId.slice(0, 8)}=bounces-1@mail.shop.example`,
    mailfrom: message.from,
    rcpt_to: message.address,
    raw_rcpt_to: message.rawAddress,
    rcpt_meta: message.metadata,
    rcpt_tags: message.tags,
    recipient_domain: message.domain,
    routing_domain: message.domain,
    msg_size: String(message.bytes),
    injection_time: new Date(message.sentAtMs).toISOString(),
    recv_method: 'rest',
    delv_method: 'esmtp',
    ip_address: '198.51.100.25',
  }
}

/** `reason` is the text without addresses. */
function failureValues({ kind, smtp, text }: Failure): Values {
  const reason = text.replaceAll(/\d+\.\d+\.\d+\.\d+(?!\.)/g, 'x.x.x.x').replaceAll('\r\n', ' ')
  return { bounce_class: BOUNCE_CLASS[kind], error_code: String(smtp), reason, raw_reason: text }
}

function visitValues(step: Step & { kind: 'opened' | 'clicked' }): Values {
  const { agent, message } = step
  const machine = step.kind === 'opened' && step.machine
  const { place } = message
  return {
    user_agent: agent.name,
    accept_language: 'uk-UA,uk;q=0.9,en;q=0.7',
    ip_address: message.clientAddress,
    geo_ip: {
      country: place.country,
      region: place.region,
      city: place.city,
      latitude: place.latitude,
      longitude: place.longitude,
      // A number, so leading zeros are lost.
      zip: Number(place.postalCode),
      postal_code: place.postalCode,
    },
    user_agent_parsed: {
      agent_family: agent.family,
      device_brand: 'Other',
      device_family: 'Other',
      os_family: agent.os,
      os_version: '',
      is_mobile: agent.mobile,
      is_proxy: machine,
      is_prefetched: machine,
    },
  }
}

/** A link without a name has no field for it. */
function linkValues({ name, url }: { name: string | null; url: string }): Values {
  return { target_link_url: url, ...(name === null ? {} : { target_link_name: name }) }
}

/** Those of the values that are in the list, by its order. */
export function pick(values: Values, names: readonly string[]): Values {
  return Object.fromEntries(names.flatMap((name) => (values[name] === undefined ? [] : [[name, values[name]]])))
}
