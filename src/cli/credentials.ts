/** Headers from the options that name a credential. */
export interface CredentialOptions {
  readonly token?: string | undefined
  readonly basic?: string | undefined
  readonly bearer?: string | undefined
  readonly header?: Readonly<Record<string, string>> | undefined
}

/** Names in lower case. */
export function credentialHeaders({ token, basic, bearer, header }: CredentialOptions): Record<string, string> {
  const headers: Record<string, string> = {}
  if (token !== undefined) headers['x-messagesystems-webhook-token'] = token
  if (basic !== undefined) headers.authorization = `Basic ${Buffer.from(basic).toString('base64')}`
  if (bearer !== undefined) headers.authorization = `Bearer ${bearer}`
  return { ...headers, ...header }
}
