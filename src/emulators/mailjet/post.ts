/** One request to a registered address. */
import { basicHeader } from '../kit/basic.ts'
import type { Post } from '../kit/wire.ts'

/** User and password in the address go out as HTTP Basic, unasked (Event API guide, March 2023). */
export function postOf(url: string, body: string, limitMs: number): Post {
  const target = new URL(url)
  const login = { username: decoded(target.username), password: decoded(target.password) }
  target.username = target.password = ''
  const headers = {
    'Content-Type': 'application/json',
    // As an access log of March 2023 has it, for the version of HTTP that is spoken here.
    'User-Agent': 'Go-http-client/1.1',
    ...(login.username === '' && login.password === '' ? {} : { Authorization: basicHeader(login) }),
  }
  return { url: target.href, method: 'POST', headers, body, limitMs }
}

/** As it stands where it is not percent-encoded rightly. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
