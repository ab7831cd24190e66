/** What a pattern lets through is what the handler is given: to the field of the payload. */
import { createReceiver, type EventOf, field, PermanentError } from 'posthorn'
import { basic, token } from 'posthorn/auth'
import { type MailjetBounce, mailjet } from 'posthorn/mailjet'
import { momentum } from 'posthorn/momentum'
import { sqlite } from 'posthorn/sqlite'

const receiver = createReceiver({
  inbox: sqlite({ path: './posthorn.db' }),
  sources: {
    shop: momentum({ auth: token({ env: 'MOMENTUM_TOKEN' }) }),
    news: mailjet({ auth: basic({ username: 'mailjet', password: { env: 'MAILJET_PASSWORD' } }) }),
  },
})

// A native name: one sender's own event. A bounce of Momentum may be an automatic answer, so the type is checked first.
receiver.on('momentum.bounce', async (event) => {
  if (event.type !== 'bounced') return
  if (event.bounce.kind === 'undetermined') throw new PermanentError(`class ${event.payload.bounce_class}`)
  console.log(event.bounce.kind, event.payload.raw_reason, field(event.payload, 'a_field_of_next_year'))
})

// A normalised type: the same of every sender, with the payload of each.
receiver.on('clicked', async (event) => {
  const link = event.name === 'mailjet.click' ? event.payload.url : event.payload.target_link_url
  console.log(event.url === link, event.userAgent, event.automated)
})

// An effect: there is an address, and something to do about it.
receiver.on('effect.unsubscribe', { name: 'unsubscribe' }, async (event) => {
  const address: string = event.email
  console.log(address)
})

// A list, and one source of it.
receiver.on(['mailjet.bounce', 'mailjet.blocked'], { name: 'mailjet-failures', source: 'news' }, async (event) => {
  if (event.name === 'mailjet.bounce') remember(event.payload)
  console.log(event.bounce.kind, event.bounce.alreadySuppressed)
})

function remember(bounce: MailjetBounce): void {
  console.log(bounce.MessageID, bounce.hard_bounce)
}

/** The type of an event, for functions of your own. */
type Opened = EventOf<typeof receiver, 'opened'>
const displays = (events: readonly Opened[]): number => events.filter(({ open }) => open.counts).length
receiver.onBatch('opened', { name: 'opens' }, async (events) => console.log(displays(events)))

await receiver.start()
