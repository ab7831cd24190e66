/** Changing a secret without losing a delivery: the receiver takes both until the sender has moved. */
import { createReceiver } from 'posthorn'
import { anyOf, basic, bearer, header, query, token, unauthenticated } from 'posthorn/auth'
import { esputnik } from 'posthorn/esputnik'
import { mailjet } from 'posthorn/mailjet'
import { momentum, sparkpost } from 'posthorn/momentum'
import { sqlite } from 'posthorn/sqlite'

const fromVault = async (name: string): Promise<string> => process.env[name] ?? ''

const receiver = createReceiver({
  inbox: sqlite({ path: './posthorn.db' }),
  sources: {
    // Labels show on event.delivery.credential, so that you see when the old one is no longer used.
    shop: momentum({
      auth: token([
        { label: 'spring', secret: { env: 'MOMENTUM_TOKEN_SPRING', optional: true } },
        { label: 'summer', secret: { env: 'MOMENTUM_TOKEN_SUMMER' } },
      ]),
    }),
    // From one kind to another.
    outlet: sparkpost({
      auth: anyOf(
        bearer(() => fromVault('SPARKPOST_TOKEN')),
        basic({ username: 'sparkpost', password: { env: 'SPARKPOST_PASSWORD' } }),
      ),
    }),
    // The user name as the secret, with the empty password said in words.
    elite: sparkpost({ auth: basic({ username: { env: 'ELITE_USER' }, password: { empty: true } }) }),
    news: mailjet({ auth: query('key', { env: 'MAILJET_KEY' }) }),
    crm: esputnik({ auth: header('X-Key', [{ env: 'YESPO_KEY' }, { env: 'YESPO_KEY_OLD', optional: true }]) }),
    // Behind a proxy that authenticates.
    inside: momentum({ auth: unauthenticated(), limits: { bodyBytes: 32 << 20 } }),
  },
})
receiver.on('*', { name: 'credentials' }, async ({ source, delivery }) => console.log(source, delivery.credential))

await receiver.start()
