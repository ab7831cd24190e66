/** What each type of Momentum and SparkPost means, and where its field set is from. */
import type { WireMeta } from '../kit/wire-schema.ts'

const webhooks = (title: string, description: string): WireMeta => ({
  title,
  description,
  source: 'SparkPost webhook event documentation (Nov 2016, Oct 2020) and samples (mid-2026); Momentum 4 and 5 manuals',
})

// The wrapper of these two is not documented: a consumer stores their fields (Momentum-Webhook-Ingest), the Ingest API
// documentation names the class.
const adaptive = (title: string, description: string): WireMeta => ({
  title,
  description,
  source: 'Momentum 5.3 manual, enabling webhooks, appendix 1 (June 2026); columns of a consumer in production',
})

/** By class and type. */
export const TYPES: Readonly<Record<string, WireMeta>> = {
  'message_event.bounce': webhooks('Bounce', 'The remote host refused the message for good, or its time ran out.'),
  'message_event.delivery': webhooks('Delivery', 'The remote host took the message.'),
  'message_event.injection': webhooks('Injection', 'The message came in and is queued.'),
  'message_event.sms_status': webhooks('SMS status', 'The SMSC says how a short message fares.'),
  'message_event.spam_complaint': webhooks(
    'Spam complaint',
    'The recipient called the message spam, and the mailbox provider reports it.',
  ),
  'message_event.out_of_band': webhooks(
    'Out-of-band bounce',
    'A bounce came by mail after the remote host had taken the message.',
  ),
  'message_event.policy_rejection': webhooks(
    'Policy rejection',
    'The platform refused the message by its policy or its suppression list.',
  ),
  'message_event.delay': webhooks('Delay', 'The remote host refused the message for now; it is tried again.'),
  'track_event.open': webhooks('Open', 'The pixel at the bottom of the message was loaded.'),
  'track_event.initial_open': webhooks(
    'Initial open',
    'The pixel at the top of the message was loaded: at every display, beside `open`.',
  ),
  'track_event.click': webhooks('Click', 'A tracked link was followed.'),
  'track_event.amp_open': webhooks('AMP open', 'The pixel at the bottom of the AMP part was loaded.'),
  'track_event.amp_initial_open': webhooks('AMP initial open', 'The pixel at the top of the AMP part was loaded.'),
  'track_event.amp_click': webhooks('AMP click', 'A tracked link of the AMP part was followed.'),
  'gen_event.generation_failure': webhooks('Generation failure', 'The message could not be made from its template.'),
  'gen_event.generation_rejection': webhooks('Generation rejection', 'The platform refused to make the message.'),
  'unsubscribe_event.list_unsubscribe': webhooks('List unsubscribe', 'The recipient used the List-Unsubscribe header.'),
  'unsubscribe_event.link_unsubscribe': webhooks('Link unsubscribe', 'The recipient followed an unsubscribe link.'),
  'relay_event.relay_injection': webhooks('Relay injection', 'A message for a relay webhook came in.'),
  'relay_event.relay_rejection': webhooks('Relay rejection', 'A message for a relay webhook was refused.'),
  'relay_event.relay_delivery': webhooks('Relay delivery', 'A relay webhook took its message.'),
  'relay_event.relay_tempfail': webhooks(
    'Relay temporary failure',
    'A relay webhook did not take its message for now.',
  ),
  'relay_event.relay_permfail': webhooks(
    'Relay permanent failure',
    'A relay webhook did not take its message in all tries.',
  ),
  'ab_test_event.ab_test_completed': webhooks('A/B test completed', 'An A/B test ended and has a winner.'),
  'ab_test_event.ab_test_cancelled': webhooks('A/B test cancelled', 'An A/B test was cancelled.'),
  'ingest_event.success': webhooks('Ingest success', 'A batch of ingested events was taken in.'),
  'ingest_event.error': webhooks('Ingest error', 'A batch of ingested events was refused, whole or in part.'),
  'adaptive_event.ad_adjust': adaptive('Adaptive delivery adjustment', 'Adaptive delivery adjusts an option.'),
  'adaptive_event.ad_status': adaptive('Adaptive delivery status', 'Adaptive delivery acts on a domain.'),
}
