/** `posthorn send`: one delivery of sample events, or of a file, to a running server. */
import { randomUUID } from 'node:crypto'
import { OptionError } from '../errors.ts'
import { sampleOf } from '../testing/sample.ts'
import { senderOf } from '../testing/senders.ts'
import { type CredentialOptions, credentialHeaders } from './credentials.ts'
import { assertField, listed } from './event-fields.ts'
import { bodyOfFile } from './file-body.ts'
import { say } from './out/streams.ts'
import { post } from './post.ts'

export interface SendOptions extends CredentialOptions {
  readonly to?: string | undefined
  readonly list: boolean
  readonly file?: string | undefined
  readonly as?: string | undefined
  readonly set?: readonly string[] | undefined
  readonly count: number
  readonly json: boolean
}

interface Sending {
  readonly url: string
  readonly headers: Record<string, string>
  readonly body: string | Uint8Array
}

/**
 * The exit code: 0 when the answer is 200, or with `--list`, 1 when it is another, 3 when there is none.
 * @throws OptionError when it was called wrongly, an error of the file system when the file cannot be read
 */
export async function send(name: string | undefined, options: SendOptions): Promise<0 | 1 | 3> {
  if (options.list) {
    for (const line of listed(name, options.json)) say(line)
    return 0
  }
  const sending = toSending(name, options)
  try {
    const { status, body, ackMs } = await post(sending.url, 'POST', sending.headers, sending.body)
    say(options.json ? JSON.stringify({ status, ms: ackMs, body }) : `${status} after ${ackMs.toFixed(1)} ms\n${body}`)
    return status === 200 ? 0 : 1
  } catch (error) {
    process.stderr.write(`posthorn send: no answer from ${new URL(sending.url).host}: ${codeOf(error)}\n`)
    return 3
  }
}

function codeOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  return code ?? message
}

function toSending(name: string | undefined, options: SendOptions): Sending {
  const { to, file } = options
  if (to === undefined) throw new OptionError("required option '--to <url>' not specified")
  if (file === undefined && name !== undefined) return { url: to, ...ofSamples(name, options) }
  // Without a batch id: a repeat of a file is a duplicate, unless `--header` gives it one.
  if (file !== undefined && name === undefined)
    return { url: to, headers: plainHeaders(options), body: bodyOfFile(file) }
  throw new OptionError('expected one event name, such as momentum.bounce, or --file')
}

function ofSamples(name: string, options: SendOptions): Omit<Sending, 'url'> {
  const fields = fieldsOf(name, options.set ?? [], options.as)
  const { isBare = false } = senderOf(name)
  if (isBare && options.count > 1) throw new OptionError(`--count: ${name} comes alone, one in a post`)
  const events = Array.from({ length: options.count }, () => sampleOf(name, fields, options.as).text)
  return { headers: headersOf(name, options), body: isBare ? events.join() : `[${events.join(',')}]` }
}

/** As the sender would, with a batch id where it has one. */
function headersOf(name: string, credentials: CredentialOptions): Record<string, string> {
  const { batchIdHeader } = senderOf(name).provider
  const batchId = batchIdHeader === null ? {} : { [batchIdHeader]: randomUUID() }
  return { ...batchId, ...plainHeaders(credentials) }
}

function plainHeaders(credentials: CredentialOptions): Record<string, string> {
  const own = { 'content-type': 'application/json', 'user-agent': 'posthorn-send' }
  return { ...own, ...credentialHeaders(credentials) }
}

function fieldsOf(name: string, settings: readonly string[], as: string | undefined): Record<string, unknown> {
  if (settings.length === 0) return {}
  const sample = sampleOf(name, {}, as)
  return Object.fromEntries(
    settings.map((setting) => {
      const at = setting.indexOf('=')
      if (at < 1) throw new OptionError(`--set must be field=value, got ${JSON.stringify(setting)}`)
      const field = setting.slice(0, at)
      assertField(name, sample, field)
      return [field, settingOf(setting.slice(at + 1), sample.fields[field])]
    }),
  )
}

/** Text, unless it is JSON; a number is one only where the sample has one, since senders write most of them as text. */
function settingOf(text: string, like: unknown): unknown {
  const value = parsed(text)
  return typeof value === 'number' && typeof like !== 'number' ? text : value
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
