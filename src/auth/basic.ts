import { OptionError, PosthornError } from '../errors.ts'
import { keysOf, knownKeys } from '../lib/options.ts'
import type { Auth, SecretSetting } from '../ports/auth.ts'
import type { Secret, Secrets } from '../types.ts'
import { authorizationOf, strictBase64 } from './authorization.ts'
import { type Credential, createMatch, withoutHeader } from './compare.ts'
import { createAuth, REALM } from './kind.ts'
import { defineSecrets, labelsOf, laterLabelsOf, type ReadSecret, warnIfShort } from './secrets.ts'

export interface BasicOptions {
  /** Without a colon: on the wire that ends the user name (RFC 7617 section 2). */
  readonly username: Secret
  /** `{ empty: true }` is the empty password, which SparkPost allows: the user name is then the secret. */
  readonly password: Secrets | EmptyPassword
}

const KEYS = keysOf<BasicOptions>({ username: true, password: true })

/** Said in words, since an empty text is far more often a secret that was forgotten. */
export interface EmptyPassword {
  readonly empty: true
}

/**
 * Lets in requests with these HTTP Basic credentials, compared as the UTF-8 bytes of `username:password`. A sender
 * that encodes them as latin-1 is refused, unless they are ASCII.
 *
 * The empty password: SparkPost API reference, Webhooks, `auth_credentials`, Aug 2026.
 * @example mailjet({ auth: basic({ username: 'mailjet', password: { env: 'MAILJET_PASSWORD' } }) })
 * @throws OptionError (ERR_OPTION) for anything but `{ username, password }`; (ERR_SECRET_INVALID) when a literal is unusable
 */
export function basic(options: BasicOptions): Auth {
  knownKeys('basic', options, KEYS)
  const { username, password } = options
  const readUser = defineSecrets('basic username', username)
  if (typeof username === 'string' && username.includes(':')) throw new OptionError(COLON, 'ERR_SECRET_INVALID')
  const readPasswords = isEmpty(password) ? null : defineSecrets('basic password', password)
  const readBoth = async (at: SecretSetting) => {
    const users = await readUser(at)
    if (users.some(({ text }) => text.includes(':')))
      throw new PosthornError('ERR_SECRET_INVALID', `source "${at.source}": ${COLON}`)
    return { users, passwords: readPasswords === null ? EMPTY_PASSWORD : await readPasswords(at) }
  }
  return createAuth('basic', {
    challenge: `Basic ${REALM}, charset="UTF-8"`,
    labels: isEmpty(password) ? [] : labelsOf(password),
    later: isEmpty(password) ? [] : laterLabelsOf(password),
    async prepare(at) {
      const { users, passwords } = await readBoth(at)
      if (readPasswords === null) warnIfShort('basic username', users, at)
      else warnIfShort('basic password', passwords, at)
      const match = createMatch(users.flatMap((user) => passwords.map((one) => pair(user, one))))
      return function verifyBasic({ rawHeaders }) {
        const sent = authorizationOf(rawHeaders, 'basic')
        const verdict = match(sent === null ? null : strictBase64(sent))
        return sent === null ? withoutHeader(rawHeaders, 'authorization') : verdict
      }
    },
    async present(at) {
      const { users, passwords } = await readBoth(at)
      const pairText = Buffer.from(pair(users[0]!, passwords[0]!).bytes).toString('base64')
      return { rawHeaders: ['authorization', `Basic ${pairText}`], query: '' }
    },
  })
}

function isEmpty(password: Secrets | EmptyPassword): password is EmptyPassword {
  return typeof password === 'object' && password !== null && 'empty' in password && password.empty === true
}

const COLON = 'basic username: expected no colon in it'

const EMPTY_PASSWORD: readonly ReadSecret[] = [{ label: null, text: '' }]

function pair(user: ReadSecret, password: ReadSecret): Credential {
  return { label: password.label, bytes: Buffer.from(`${user.text}:${password.text}`) }
}
