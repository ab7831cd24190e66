/** Every kind of authentication, each for the sender that can use it. */
import { readFileSync } from 'node:fs'
import { createReceiver } from 'posthorn'
import {
  anyOf,
  basic,
  bearer,
  custom,
  header,
  jwt,
  oauth2Issuer,
  path,
  query,
  token,
  unauthenticated,
} from 'posthorn/auth'
import { esputnik } from 'posthorn/esputnik'
import { mailjet } from 'posthorn/mailjet'
import { momentum, sparkpost } from 'posthorn/momentum'
import { sqlite } from 'posthorn/sqlite'

const partners = new Map([['a-key-of-some-length', 'partner']])
const fromVault = async (name: string): Promise<string> => process.env[name] ?? ''

const receiver = createReceiver({
  inbox: sqlite({ path: './posthorn.db' }),
  sources: {
    shop: momentum({ auth: token({ env: 'MOMENTUM_TOKEN' }) }),
    news: mailjet({ auth: basic({ username: 'mailjet', password: { env: 'MAILJET_PASSWORD' } }) }),
    elite: sparkpost({ auth: basic({ username: { env: 'ELITE_USER' }, password: { empty: true } }) }),
    crm: esputnik({ auth: header('X-Key', { env: 'YESPO_KEY' }) }),
    fixed: sparkpost({ auth: bearer({ env: 'SPARKPOST_TOKEN' }) }),
    old: esputnik({ auth: path({ env: 'ESPUTNIK_PATH' }) }), // POST /webhooks/<secret>/old
    asked: mailjet({ auth: query('key', { env: 'MAILJET_KEY' }) }), // POST /webhooks/asked?key=<secret>
    cloud: sparkpost({
      auth: jwt({
        issuer: 'https://login.example.com/',
        audience: 'https://hooks.example.com/webhooks',
        jwksUrl: 'https://login.example.com/.well-known/jwks.json',
        algorithms: ['RS256'],
        clients: ['sparkpost'],
      }),
    }),
    tokens: sparkpost({
      auth: oauth2Issuer({
        clientId: 'sparkpost',
        clientSecret: { env: 'SPARKPOST_CLIENT_SECRET' },
        signingKey: { env: 'TOKEN_SIGNING_KEY' },
      }),
    }),
    inside: momentum({
      auth: jwt({
        issuer: 'https://login.example.com/',
        audience: 'momentum',
        keys: JSON.parse(readFileSync('./issuer-keys.json', 'utf8')),
        type: 'at+jwt',
        scopes: ['events:write'],
      }),
    }),
    partner: momentum({
      auth: custom(async ({ header, signal }) => {
        signal.throwIfAborted()
        const partner = partners.get(header('x-partner-key') ?? '')
        return partner === undefined ? false : { credential: partner }
      }),
    }),
    moving: sparkpost({
      auth: anyOf(
        token([
          { label: 'spring', secret: { env: 'TOKEN_SPRING', optional: true } },
          { label: 'summer', secret: () => fromVault('TOKEN_SUMMER') },
        ]),
        basic({ username: 'sparkpost', password: [{ label: 'basic', secret: { env: 'SPARKPOST_PASSWORD' } }] }),
      ),
    }),
    behind: momentum({ auth: unauthenticated() }),
  },
})
receiver.on('*', { name: 'credentials' }, async ({ source, delivery }) => console.log(source, delivery.credential))

await receiver.start()
for (const [source, uses] of Object.entries(receiver.metrics().credentials))
  for (const { label, count, lastUsedAt } of uses) console.log(source, label, count, lastUsedAt)
