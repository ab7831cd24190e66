/** Headers from the options that name a credential. */
import { OptionError } from '../errors.ts'

export interface CredentialOptions {
  readonly token?: string | undefined
  readonly basic?: string | undefined
  readonly bearer?: string | undefined
  readonly header?: readonly string[] | undefined
}

/**
 * Names in lower case.
 * @throws OptionError for a `--header` that is none
 */
export function credentialHeaders({ token, basic, bearer, header = [] }: CredentialOptions): Record<string, string> {
  const headers: Record<string, string> = {}
  if (token !== undefined) headers['x-messagesystems-webhook-token'] = token
  if (basic !== undefined) headers.authorization = `Basic ${Buffer.from(basic).toString('base64')}`
  if (bearer !== undefined) headers.authorization = `Bearer ${bearer}`
  for (const line of header) {
    const [, key, value] = /^([^:\s]+):\s*(.*)$/.exec(line) ?? []
    // Not the line: it may be a secret.
    if (key === undefined || value === undefined) throw new OptionError("--header must be 'name: value'")
    headers[key.toLowerCase()] = value
  }
  return headers
}
