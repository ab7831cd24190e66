import { credentials } from './credentials.ts'
import { describeAttacks } from './harness/describe.ts'
import { requests } from './requests.ts'
import { transport } from './transport.ts'

describeAttacks('A: HTTP, authentication, transport', [...credentials, ...requests, ...transport])
