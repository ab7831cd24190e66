import { receiver } from '../../../lib/webhooks.js'

export const GET = (request) => receiver.handle(request)
export const POST = (request) => receiver.handle(request)
export const HEAD = (request) => receiver.handle(request)
