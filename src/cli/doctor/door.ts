/**
 * The address of a source as senders see it, through whatever stands in front of the server. The batches are of blanks:
 * as large as real ones on the wire, without an event for any handler.
 */
import { randomBytes } from 'node:crypto'
import { request } from 'node:http'
import { request as secureRequest } from 'node:https'
import { isIP } from 'node:net'
import { connect } from 'node:tls'
import { gzipSync } from 'node:zlib'
import { type CredentialOptions, credentialHeaders } from '../credentials.ts'
import { bytesText, counted } from '../out/format.ts'
import { post } from '../post.ts'
import { type Finding, ill, well } from './finding.ts'

export interface DoorOptions extends CredentialOptions {
  readonly url: string
  /** Of the large batch, in bytes. */
  readonly size: number
}

/** Momentum gives up after 6 to 10 s: half of it leaves room for a busy hour. */
const SLOW_MS = 3_000
/** An answer that comes only after the body is one that does not come here. */
const PATIENCE_MS = 5_000
const JSON_TYPE = { 'content-type': 'application/json' }

/** @throws an error of the network when nobody is there */
export async function door(options: DoorOptions): Promise<Finding[]> {
  const shown = [tls(options), ...(await certificate(options))]
  // Nobody posts there, and nor can we.
  if (shown.some(({ id, ok }) => id === 'certificate' && !ok)) return shown
  return [
    ...shown,
    await clock(options),
    await probe(options, 'GET'),
    await probe(options, 'HEAD'),
    await stranger(options),
    ...(await batches(options)),
  ]
}

function tls({ url }: DoorOptions): Finding {
  const { protocol, hostname } = new URL(url)
  if (protocol === 'https:') return well('tls', 'https')
  if (/^(localhost|127\.|\[::1\])/.test(hostname)) return well('tls', 'http, on this machine')
  const why = 'credentials and addresses of people can be read on the way'
  return ill('tls', 'http', why, `give the sender https://${hostname}`)
}

const DAY_MS = 86_400_000
/** Who renews by hand needs some days; who has it renewed has done it by then. */
const SOON_MS = 14 * DAY_MS

/** Of the server that answers for the address: nothing where that is no https. */
async function certificate({ url }: DoorOptions): Promise<Finding[]> {
  const { protocol, hostname, port } = new URL(url)
  if (protocol !== 'https:') return []
  const { end, untrusted } = await certificateOf(hostname.replace(/^\[|\]$/g, ''), Number(port || 443))
  const days = Math.floor((end - Date.now()) / DAY_MS)
  if (untrusted !== null && days >= 0) {
    const why = 'senders do not post where they do not trust the certificate'
    const mend = 'serve the whole chain, of a public authority: ssl_certificate fullchain.pem;   # nginx'
    return [ill('certificate', `the certificate is not trusted: ${untrusted}`, why, mend)]
  }
  const what = days < 0 ? 'the certificate has expired' : `the certificate is good for ${counted(days, 'day')}`
  if (end - Date.now() > SOON_MS) return [well('certificate', what)]
  const why = 'senders do not post where the certificate has expired'
  return [ill('certificate', what, why, `certbot renew --cert-name ${hostname}; or see the log of what renews it`)]
}

interface Certificate {
  /** In epoch ms. */
  readonly end: number
  /** null: trusted by this machine. */
  readonly untrusted: string | null
}

function certificateOf(host: string, port: number): Promise<Certificate> {
  return new Promise((resolve, reject) => {
    const servername = isIP(host) === 0 ? { servername: host } : {}
    const socket = connect({ host, port, ...servername, rejectUnauthorized: false, timeout: PATIENCE_MS }, () => {
      const { authorized, authorizationError } = socket
      const untrusted = authorized ? null : String(authorizationError)
      resolve({ end: Date.parse(socket.getPeerCertificate().valid_to), untrusted })
      socket.destroy()
    })
    socket.on('timeout', () => socket.destroy(new Error(`no answer from ${host}:${port}`)))
    socket.on('error', reject)
  })
}

/** More is no way and no rounding: tokens and times of events are judged by it. */
const APART_MS = 30_000

async function clock({ url }: DoorOptions): Promise<Finding> {
  const { date } = await post(url, 'HEAD', {}, '')
  if (date === null) return well('server_clock', 'the server does not say what time it is')
  const apart = Date.parse(date) - Date.now()
  const what = `the clock of the server: ${Math.round(Math.abs(apart) / 1_000)} s ${apart < 0 ? 'behind' : 'ahead of'} this one`
  if (Math.abs(apart) <= APART_MS) return well('server_clock', what)
  const why = 'signatures and tokens are refused, and events are late or of the future; one of both clocks is wrong'
  return ill('server_clock', what, why, 'timedatectl set-ntp true; chronyc makestep')
}

/** eSputnik checks an address with GET, Mailjet and SparkPost with a post. */
async function probe({ url }: DoorOptions, method: 'GET' | 'HEAD'): Promise<Finding> {
  const { status } = await post(url, method, {}, '')
  // A source whose sender checks nothing answers GET with 405.
  if (status === 200 || (method === 'GET' && status === 405)) return well('probe', `${method}: ${status}`)
  const why = 'senders that check an address before they save it do not take it'
  return ill(
    'probe',
    `${method}: ${status}`,
    why,
    MENDS[status] ?? 'route every method of the path to the receiver, as app.use does',
  )
}

const MENDS: Readonly<Record<number, string>> = {
  404: 'check the path: <prefix>/<source>',
  405: 'route every method of the path to the receiver: app.use, not app.post',
  413: 'client_max_body_size 64m;   # nginx, in the location',
  502: 'proxy_pass must lead to the port on which the server listens',
  503: 'posthorn doctor --inbox <file> on the server, and its log',
  504: 'proxy_read_timeout 60s;   # nginx, in the location',
}

/** A wrong credential, and a body that never comes: the answer must not wait for it. */
async function stranger({ url, size }: DoorOptions): Promise<Finding> {
  const wrong = { ...JSON_TYPE, authorization: 'Bearer wrong', 'x-messagesystems-webhook-token': 'wrong' }
  const status = await answerBeforeBody(url, { ...wrong, 'content-length': String(size) })
  if (status === 401) return well('stranger', 'a wrong credential: 401, before the body')
  if (status !== null) {
    const why = 'whoever knows the address can post events'
    return ill(
      'stranger',
      `a wrong credential: ${status}`,
      why,
      MENDS[status] ?? 'give the source an auth: docs/authentication.md',
    )
  }
  const why = 'strangers make the proxy take whole bodies before anybody looks at their credentials'
  return ill(
    'stranger',
    'a wrong credential: no answer before the body',
    why,
    'proxy_request_buffering off;   # nginx, in the location',
  )
}

function answerBeforeBody(url: string, headers: Record<string, string>): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const send = url.startsWith('https:') ? secureRequest : request
    const call = send(url, { method: 'POST', headers }, (response) => {
      clearTimeout(timer)
      resolve(response.statusCode ?? null)
      call.destroy()
    })
    const timer = setTimeout(() => {
      resolve(null)
      call.destroy()
    }, PATIENCE_MS)
    call.on('error', (error) => {
      clearTimeout(timer)
      reject(error)
    })
    call.flushHeaders()
  })
}

async function batches(options: DoorOptions): Promise<Finding[]> {
  const { size } = options
  const batch = blankBatch(size)
  return [
    await posted(options, 'batch', batch, {}),
    await posted(options, 'gzip', gzipSync(blankBatch(size)), { 'content-encoding': 'gzip' }),
  ]
}

/** No two are the same: a repeat would be absorbed, and not be stored. */
function blankBatch(size: number): Buffer {
  const batch = Buffer.alloc(size, ' ')
  for (const [at, byte] of randomBytes(64).entries()) batch[at + 1] = byte % 2 === 0 ? 0x20 : 0x09
  batch[0] = 0x5b
  batch[size - 1] = 0x5d
  return batch
}

async function posted(
  options: DoorOptions,
  id: string,
  body: Buffer,
  headers: Record<string, string>,
): Promise<Finding> {
  const { url, size } = options
  const own = { ...JSON_TYPE, ...headers, ...credentialHeaders(options) }
  const answer = await post(url, 'POST', own, body).catch(() => null)
  const name = `${bytesText(size)} ${id === 'gzip' ? 'with gzip' : 'at once'}`
  if (answer === null) {
    const why = 'senders post batches of this size; the connection broke'
    return ill(id, `${name}: no answer`, why, MENDS[413] ?? '')
  }
  const what = `${name}: ${answer.status} after ${Math.round(answer.ackMs)} ms`
  if (answer.status === 401)
    return ill(
      id,
      what,
      'this credential is not let in',
      'give that of the source: --token, --basic, --bearer, --header',
    )
  if (answer.status !== 200)
    return ill(id, what, 'senders post batches of this size', MENDS[answer.status] ?? 'see the log of the server')
  if (answer.ackMs < SLOW_MS) return well(id, what)
  return ill(id, what, 'Momentum gives up after 6 s', 'posthorn doctor --inbox <file> on the server: syncs')
}
