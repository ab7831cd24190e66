/** Ordinary middleware that wraps a response, as it is now and as lock files of 2024 have it. */
import { createRequire } from 'node:module'
import type { RequestHandler } from 'express'

export interface Middleware {
  readonly name: string
  create(): readonly RequestHandler[]
}

type Factory = (options?: object) => RequestHandler

const load = createRequire(import.meta.url)
/** The packages are CommonJS, and most have no types. */
const factory = (name: string): Factory => load(name) as Factory
const writesNothing = { write() {} }

/** Twelve from the registry; `suffix` names the packages of 2024, which bring `on-headers` 1.0.2. */
function registered(year: string, suffix: string): readonly Middleware[] {
  const one = (name: string, ...options: object[]): Middleware => ({
    name: `${name} ${JSON.stringify(options).slice(1, -1)} (${year})`,
    create: () => [factory(name + suffix)(...options)],
  })
  return [
    one('compression'),
    one('compression', { threshold: 0 }),
    one('connect-timeout', {}),
    one('cors'),
    one('express-session', { secret: 'x', resave: true, saveUninitialized: true }),
    one('express-session', { secret: 'x', resave: false, saveUninitialized: false }),
    one('helmet'),
    one('pino-http', { enabled: false }),
    one('response-time'),
    { name: `cookie-session (${year})`, create: () => [factory(`cookie-session${suffix}`)({ keys: ['a'] }), visit] },
    { name: `express-winston (${year})`, create: () => [expressWinston(suffix)] },
    { name: `morgan (${year})`, create: () => [morgan(suffix)] },
  ]
}

/** A session that has something to store. */
const visit: RequestHandler = (req, _res, next) => {
  Object.assign((req as { session?: object }).session ?? {}, { visited: true })
  next()
}

function morgan(suffix: string): RequestHandler {
  const create = load(`morgan${suffix}`) as (format: string, options: object) => RequestHandler
  return create('combined', { stream: writesNothing })
}

function expressWinston(suffix: string): RequestHandler {
  const { transports } = load('winston') as { transports: { Console: new (options: object) => object } }
  const { logger } = load(`express-winston${suffix}`) as { logger: Factory }
  return logger({ transports: [new transports.Console({ silent: true })] })
}

/** As it stands in many an application: keeps what goes through `write` and `end` for the log. */
const logsBodies: RequestHandler = (_req, res, next) => {
  const chunks: Buffer[] = []
  const { write, end } = res
  res.write = (chunk: string, ...rest: unknown[]) => {
    chunks.push(Buffer.from(chunk))
    return Reflect.apply(write, res, [chunk, ...rest])
  }
  res.end = (...args: unknown[]) => {
    const [chunk] = args
    if (chunk) chunks.push(Buffer.from(chunk as string))
    return Reflect.apply(end, res, args)
  }
  next()
}

/** Takes nothing but `statusCode`, `setHeader`, `write(chunk, encoding?)` and `end(chunk?, encoding?)`. */
const takesOnlyThePlainest: RequestHandler = (_req, res, next) => {
  const { write, end } = res
  res.write = (...args: unknown[]) => Reflect.apply(write, res, plain(args))
  res.end = (...args: unknown[]) => Reflect.apply(end, res, plain(args))
  const { writeHead } = res
  // Node calls it with the status alone, for what was set.
  res.writeHead = (...args: unknown[]) => {
    if (args.length > 1) throw new TypeError('headers are to be set one by one')
    return Reflect.apply(writeHead, res, args)
  }
  next()
}

function plain(args: unknown[]): unknown[] {
  const isPlain = args.length <= 2 && args.every((arg) => arg === undefined || typeof arg === 'string')
  if (!isPlain) throw new TypeError('expected (chunk?, encoding?)')
  return args
}

export const middlewares: readonly Middleware[] = [
  ...registered('today', ''),
  ...registered('2024', '-2024'),
  { name: 'a logger of bodies', create: () => [logsBodies] },
  { name: 'the plainest wrapper', create: () => [takesOnlyThePlainest] },
]
