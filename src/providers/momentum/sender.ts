/** Momentum and SparkPost, for the list of senders. Private. */
import { digits18, hex20, isoTime, shifted, unixSeconds, unixSecondsText, uuid } from '../kit/fresh.ts'
import type { Fields } from '../kit/samples.ts'
import { type Sender, withUnknown } from '../kit/sender.ts'
import { catalogue } from './catalogue.ts'
import { type MomentumEvent, momentum } from './index.ts'
import { momentumElement } from './sample-element.ts'
import { momentumSamples } from './samples.ts'
import { sparkpost } from './sparkpost.ts'

const HOUR = 3_600_000

export const sender: Sender<MomentumEvent> = {
  name: 'momentum',
  title: 'Momentum and SparkPost',
  catalogue,
  sources: { momentum: (auth) => momentum({ auth }), sparkpost: (auth) => sparkpost({ auth }) },
  samples: [
    {
      source: (auth) => momentum({ auth }),
      samples: withUnknown(
        'momentum',
        momentumSamples['momentum.delivery'].delivered,
        { type: 'sample' },
        momentumSamples,
      ),
      fresh: {
        timestamp: unixSecondsText,
        event_id: digits18,
        message_id: hex20,
        transmission_id: digits18,
        injection_time: shifted(isoTime, -2_000),
        scheduled_time: shifted(unixSecondsText, -60_000),
        batch_id: uuid,
        expiration_timestamp: shifted(isoTime, 168 * HOUR),
        start: unixSeconds,
        stop: shifted(unixSeconds, HOUR),
      },
      follow: recipientOf,
      wire: momentumElement,
    },
  ],
}

/** Whoever gives one spelling of the recipient means the other as well. */
function recipientOf({ rcpt_to, raw_rcpt_to }: Fields): Fields {
  if (typeof raw_rcpt_to === 'string') return { rcpt_to: raw_rcpt_to.toLowerCase() }
  return rcpt_to === undefined ? {} : { raw_rcpt_to: rcpt_to }
}
