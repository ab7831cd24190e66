/** Cases of credentials and of the headers that carry them. Private. */
import type { ConformanceCase, Plan, Send } from './case.ts'
import { accepted, headersOf, list, post } from './requests.ts'
import { element, usualHeaders } from './senders.ts'

const SCHEME = /^basic /i

/** The same headers with other values; of Basic the same user with another password. */
function wrongly(credential: Plan['credential']): Record<string, string> {
  return Object.fromEntries(Object.entries(credential).map(([name, value]) => [name, otherThan(value)]))
}

function otherThan(value: string): string {
  if (!SCHEME.test(value)) return `${value}-not`
  const [user = ''] = Buffer.from(value.replace(SCHEME, ''), 'base64').toString().split(':', 1)
  return `Basic ${Buffer.from(`${user}:not the password`).toString('base64')}`
}

const isBasic = ({ credential }: Plan) => SCHEME.test(credential.authorization ?? '')

/** Must be answered 401, with a challenge where the scheme is Basic. */
function refused(plan: Plan, what: string, credential: Plan['credential']): Send {
  const headers = { ...usualHeaders(plan.sender), ...credential }
  const challenge = isBasic(plan) ? { header: 'www-authenticate' } : {}
  return { what, request: post(plan, list(element(plan.sender)), { headers }), allowed: [401], ...challenge }
}

/** The case of names, and of the scheme of Authorization. */
function written(plan: Plan, how: (text: string) => string): Record<string, string> {
  const scheme = (value: string) => value.replace(/^(basic|bearer) /i, how)
  return Object.fromEntries(
    Object.entries(headersOf(plan)).map(([name, value]) => [
      how(name),
      name.toLowerCase() === 'authorization' ? scheme(value) : value,
    ]),
  )
}

const MALFORMED = ['Basic', 'Basic !!!', `Basic ${Buffer.from('no colon').toString('base64')}`, 'Nonsense']

export const CREDENTIALS: readonly ConformanceCase[] = [
  {
    id: 'no-credential',
    title: 'a post without a credential is answered 401',
    why: 'No sender signs its posts: the credential is all that tells it from a stranger. 401 also makes SparkPost fetch a new token, which a 403 does not.',
    needs: 'credential',
    source: 'RFC 9110, sections 15.5.2 and 11.6.1',
    steps: (plan) => [refused(plan, 'no credential', {})],
  },
  {
    id: 'wrong-credential',
    title: 'a post with a wrong credential is answered 401',
    why: 'No sender signs its posts: the credential is all that tells it from a stranger. 401 also makes SparkPost fetch a new token, which a 403 does not.',
    needs: 'credential',
    source: 'RFC 9110, sections 15.5.2 and 11.6.1',
    steps: (plan) => [refused(plan, 'a wrong credential', wrongly(plan.credential))],
  },
  {
    id: 'malformed-authorization',
    title: 'an Authorization header that cannot be read is answered 401',
    why: 'A decoder that throws answers 500, and tells a stranger that it did.',
    needs: 'credential',
    source: 'RFC 7617, section 2',
    steps: (plan) =>
      MALFORMED.map((authorization) => refused(plan, `Authorization: ${authorization}`, { authorization })),
  },
  {
    id: 'header-case',
    title: 'names of headers, and the scheme of Authorization, are read in any case',
    why: 'Proxies and HTTP/2 write names in lower case, others in upper case.',
    source: 'RFC 9110, sections 5.1 and 11.1',
    steps: (plan) => {
      const body = list(element(plan.sender))
      return [
        accepted(plan, 'in lower case', body, { headers: written(plan, (text) => text.toLowerCase()) }),
        accepted(plan, 'in upper case', body, { headers: written(plan, (text) => text.toUpperCase()) }),
      ]
    },
  },
]
