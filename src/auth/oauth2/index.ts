import { OptionError } from '../../errors.ts'
import { keysOf, knownKeys, wholeNumber } from '../../lib/options.ts'
import type { Auth, AuthSetting, Issued, IssueToken, PresentSetting, SecretSetting, Verify } from '../../ports/auth.ts'
import type { Secrets } from '../../types.ts'
import { createBudget } from '../budget.ts'
import { createMatch, MISSING } from '../compare.ts'
import { localKeys } from '../jwt/key-source.ts'
import type { JwtRules } from '../jwt/options.ts'
import { createVerify, type Jose, loadJose } from '../jwt/verify.ts'
import { createAuth, REALM } from '../kind.ts'
import { defineSecrets, labelsOf, laterLabelsOf, literalsOf, type ReadSecret, warnIfShort } from '../secrets.ts'
import { KEY_CHARACTERS, KEY_TOO_SHORT, markOf, readKeys, type SigningKey } from './keys.ts'
import { type ClientCredentials, readTokenRequest } from './token-request.ts'

export interface OAuth2IssuerOptions {
  /** The `client_id` that the sender asks with. */
  readonly clientId: string
  /** The `client_secret`; several during a rotation. A token lives as long as the secret that it was issued for. */
  readonly clientSecret: Secrets
  /** 32 characters at least, the same in all replicas. Several during a rotation: the first signs, all are taken. */
  readonly signingKey: Secrets
  /** How long a token lets in. Default 3_600; from 60 to 86_400. */
  readonly lifetimeSeconds?: number
  /** `aud` of the tokens. Default `posthorn:<source>`, so that a token of one source opens no other. */
  readonly audience?: string
}

const KEYS = keysOf<OAuth2IssuerOptions>({
  ...{ clientId: true, clientSecret: true, signingKey: true, lifetimeSeconds: true, audience: true },
})

/** Settled. */
interface Issuer {
  readonly clientId: string
  readonly lifetimeSeconds: number
  audience(source: string): string
  read(at: SecretSetting): Promise<Read>
}

interface Read {
  readonly secrets: readonly ReadSecret[]
  readonly keys: readonly [SigningKey, ...SigningKey[]]
}

/**
 * Lets in requests with a token that this receiver issued itself, at `POST <mount>/<source>/token`, for a client id and
 * secret (OAuth 2.0, RFC 6749 section 4.4). For SparkPost, which fetches a token from an address before it posts, and
 * anew when a post is answered 400 or 401 (SparkPost API reference, Webhooks, `auth_type: oauth2`, Aug 2026).
 *
 * Tokens are signed (HS256) and nothing of them is kept, so that each replica takes those of the others. They always
 * have `exp`, `aud` and `kid`. A request for one may be JSON or a form, with the credentials in the body or as Basic, at
 * most 4 kB in 2 s. Wrong credentials are 401; past 20 a minute from one address, or 200 in all, they wait in a line.
 *
 * @example
 * sparkpost({ auth: oauth2Issuer({ clientId: 'sparkpost', clientSecret: { env: 'SECRET' }, signingKey: { env: 'KEY' } }) })
 * @throws OptionError naming the option; (ERR_SECRET_INVALID) when a literal is unusable
 */
export function oauth2Issuer(options: OAuth2IssuerOptions): Auth {
  const issuer = settle(options)
  return createAuth('oauth2', {
    challenge: `Bearer ${REALM}`,
    labels: labelsOf(options.clientSecret),
    later: laterLabelsOf(options.clientSecret),
    slow: true,
    prepare: async (at) => createCheck(await loadJose(), issuer, await issuer.read(at), at),
    issuer: {
      async prepare(at) {
        const read = await issuer.read(at)
        warnIfShort('oauth2Issuer clientSecret', read.secrets, at)
        return createIssue(await loadJose(), issuer, read, at)
      },
    },
    async present(at) {
      const { secrets, keys } = await issuer.read(at)
      const token = await sign(await loadJose(), issuer, keys[0], markOf(keys[0], secrets[0]!), at)
      return { rawHeaders: ['authorization', `Bearer ${token}`], query: '' }
    },
  })
}

function settle(options: OAuth2IssuerOptions): Issuer {
  knownKeys('oauth2Issuer', options, KEYS)
  const { clientId, clientSecret, signingKey, audience } = options
  for (const [name, value] of Object.entries({ clientId, audience: audience ?? 'posthorn' }))
    if (typeof value !== 'string' || value.trim() === '')
      throw new OptionError(`oauth2Issuer: ${name} must be a text that is not blank`)
  const readSecrets = defineSecrets('oauth2Issuer clientSecret', clientSecret)
  const readSigning = defineSecrets('oauth2Issuer signingKey', signingKey)
  if (literalsOf(signingKey).some((key) => key.length < KEY_CHARACTERS))
    throw new OptionError(KEY_TOO_SHORT, 'ERR_SECRET_INVALID')
  return {
    clientId,
    lifetimeSeconds: wholeNumber('oauth2Issuer: lifetimeSeconds', options.lifetimeSeconds, 3_600, 60, 86_400),
    audience: (source) => audience ?? `posthorn:${source}`,
    async read(at) {
      const keys = (await readKeys(readSigning, at)) as readonly [SigningKey, ...SigningKey[]] // none is refused
      return { secrets: await readSecrets(at), keys }
    },
  }
}

const ISS = 'posthorn'
/** RFC 9068 section 2.1. */
const TYP = 'at+jwt'
/** Clocks of replicas differ. */
const TOLERANCE_SECONDS = 30

/** Tokens name the secret they were issued for in `sub`; its label is the credential of a delivery. */
function createCheck(jose: Jose, issuer: Issuer, { secrets, keys }: Read, at: AuthSetting): Verify {
  const labels = new Map(keys.flatMap((key) => secrets.map((secret) => [markOf(key, secret), secret.label] as const)))
  const rules: JwtRules = {
    issuers: [ISS],
    audiences: [issuer.audience(at.source)],
    algorithms: ['HS256'],
    maxLifetimeSeconds: issuer.lifetimeSeconds,
    clockToleranceSeconds: TOLERANCE_SECONDS,
    type: TYP,
    scopes: [],
    clients: null,
    subjects: [...labels.keys()],
    label: null,
  }
  const byKid = new Map(keys.map(({ kid, bytes }) => [kid, bytes]))
  const verify = createVerify(
    jose,
    rules,
    localKeys(({ kid }) => {
      const key = byKid.get(kid ?? '')
      if (key === undefined) throw new jose.errors.JWKSNoMatchingKey()
      return key
    }),
    at,
  )
  return async function verifyIssued(request) {
    const verdict = await verify(request)
    return verdict.ok ? { ok: true, credential: labels.get(verdict.credential ?? '') ?? null } : verdict
  }
}

function createIssue(jose: Jose, issuer: Issuer, { secrets, keys }: Read, at: AuthSetting): IssueToken {
  const pairs = secrets.map(({ text }, n) => ({
    label: String(n),
    bytes: pairOf({ id: issuer.clientId, secret: text }),
  }))
  const match = createMatch(pairs)
  const budget = createBudget(at)
  const check = async (clients: readonly ClientCredentials[]) => {
    const verdicts = clients.map((client) => match(pairOf(client)))
    return verdicts.find(({ ok }) => ok) ?? verdicts[0] ?? MISSING
  }

  return async function issueToken({ rawHeaders, peer }, body): Promise<Issued> {
    const asked = readTokenRequest(rawHeaders, body)
    if (asked === null) return { ok: false, code: 'invalid_request' }
    if (asked.clients.length === 0) return { ok: false, code: 'invalid_client' }
    const verdict = await budget(peer, () => check(asked.clients))
    if (!verdict.ok) return verdict.unavailable ? { ...verdict, code: 'auth_unavailable' } : WRONG_CLIENT
    if (asked.grantType !== 'client_credentials') return { ok: false, code: 'unsupported_grant_type' }
    const mark = markOf(keys[0], secrets[Number(verdict.credential)]!)
    const setting = { ...at, now: () => at.clock.now() }
    const access_token = await sign(jose, issuer, keys[0], mark, setting)
    return { ok: true, body: { access_token, token_type: 'Bearer', expires_in: issuer.lifetimeSeconds } }
  }
}

const WRONG_CLIENT: Issued = Object.freeze({ ok: false, code: 'invalid_client', reason: 'client_unknown' })

/** One text for each pair: no id and secret can be read as another's. */
const pairOf = ({ id, secret }: ClientCredentials): Uint8Array => Buffer.from(JSON.stringify([id, secret]))

function sign(jose: Jose, issuer: Issuer, key: SigningKey, mark: string, at: PresentSetting): Promise<string> {
  const iat = Math.floor(at.now() / 1_000)
  return new jose.SignJWT({ client_id: issuer.clientId })
    .setProtectedHeader({ alg: 'HS256', typ: TYP, kid: key.kid })
    .setIssuer(ISS)
    .setAudience(issuer.audience(at.source))
    .setSubject(mark)
    .setIssuedAt(iat)
    .setExpirationTime(iat + issuer.lifetimeSeconds)
    .sign(key.bytes)
}
