/** HTTP Basic, written and read. */

export interface Login {
  readonly username: string
  readonly password: string
}

export const basicHeader = ({ username, password }: Login): string =>
  `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`

/** Null when the header is not Basic. */
export function basicLogin(authorization: string | undefined): Login | null {
  const [, encoded] = /^Basic +(\S+)$/i.exec(authorization ?? '') ?? []
  const [, username, password] = /^([^:]*):(.*)$/s.exec(Buffer.from(encoded ?? '', 'base64').toString()) ?? []
  return username === undefined || password === undefined ? null : { username, password }
}
