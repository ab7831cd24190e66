/** All methods: eSputnik checks an address with GET. */
import { receiver } from '../../lib/webhooks.js'

export default { fetch: (request) => receiver.handle(request) }
