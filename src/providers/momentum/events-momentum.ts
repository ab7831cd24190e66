/**
 * Fields that only Momentum sends, and those of its adaptive delivery.
 *
 * Sources: Momentum 4 manuals (web UI webhooks, reporting), Momentum changelogs 4.1 to 5.3 (June 2026), the Ingest API's
 * samples of its event stream, and the column lists of a consumer in production (Momentum-Webhook-Ingest).
 */
import type { WireKit } from '../kit/wire-schema.ts'

/** The fields, by name; spread into the list of all. */
export const momentumOnlyOf = ({ anything, id, integer, scalar, text, textOrNumber }: WireKit) => ({
  node_name: text('MTA node.', { example: 'Test-Node' }),
  binding: text('Virtual MTA, as the sending IP is on SparkPost.', { example: 'Test-Binding' }),
  binding_group: text('Group of virtual MTAs, as the pool is on SparkPost.', { example: 'Test-Binding-Group' }),
  pathway: text('Inbound pathway.', { example: 'default' }),
  pathway_group: text('Group of inbound pathways.', { example: 'default' }),
  conn_name: text('Connection.', { example: '00/00-00000-00000000' }),
  conn_stage: integer('Stage of the connection.', { example: '22' }),
  msg_batchname: text('Batch the message was injected in.', { example: '10/00-29338-62AF3C35' }),
  msg_spoolname: text('Spool name of the message.', { example: '20/00-29338-62AF3C35' }),
  scope_name: text('Policy scope that rejected the message.'),
  rcpt_list_id: id('Recipient list; since Momentum 4.2.38 (Jan 2018).'),
  canonical_ids: anything('What GCM returns; since Momentum 4.2 HF12 (June 2016), its shape is not published.'),
  user_str: text('Text that the operator adds to the log.', { example: 'Additional Example Information' }),
  snippet_count: integer('Number of snippets; seen in samples of the event stream.', { example: '0' }),
  next_attempt: textOrNumber('When the next attempt is due, in Unix seconds; since Momentum 4.2.31 (June 2017).', {
    example: '1493037723',
  }),
  injection_time_ms: integer('Finer injection time; since Momentum 5.2.0 (Jan 2026), unit not published.'),
  tdate: text('Date and time, ISO 8601; seen once on a generation failure (2018).'),
  option: text('Option that adaptive delivery adjusts.'),
  opt_value: scalar('Value it is adjusted to.'),
  scope: text('Scope of the rule.'),
  action: text('What adaptive delivery does.'),
  rule: text('Rule that fired.'),
  trigger: text('What made the rule fire.'),
  status: text('State of the action.'),
  start: integer('When the action starts.'),
  stop: integer('When the action stops.'),
})
