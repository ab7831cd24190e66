import { credentials } from './a-credentials.ts'
import { requests } from './a-requests.ts'
import { transport } from './a-transport.ts'
import { describeAttacks } from './harness/describe.ts'

describeAttacks('A: HTTP, authentication, transport', [...credentials, ...requests, ...transport])
