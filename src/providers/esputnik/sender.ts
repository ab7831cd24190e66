/** eSputnik, for the list of senders. Private. */
import { uuid, wallClock } from '../kit/fresh.ts'
import { type Sender, withUnknown } from '../kit/sender.ts'
import { catalogue } from './catalogue.ts'
import { type EsputnikEvent, esputnik } from './index.ts'
import { esputnikSamples, esputnikWire } from './samples.ts'

export const sender: Sender<EsputnikEvent> = {
  name: 'esputnik',
  title: 'eSputnik (Yespo)',
  catalogue,
  sources: { esputnik: (auth, timeZone) => esputnik({ auth, timeZone }) },
  samples: [
    {
      source: (auth) => esputnik({ auth, timeZone: 'UTC' }),
      samples: withUnknown(
        'esputnik',
        esputnikSamples['esputnik.delivered'].delivered,
        { activityStatus: 'SAMPLE' },
        esputnikSamples,
      ),
      fresh: { activityDateTime: wallClock, iid: uuid, workflowInstanceId: uuid },
      wire: esputnikWire,
    },
  ],
}
