/** `/metrics` of the port for operators: what prom-client has registered, the receiver's own metrics among it. */
import type { ServerResponse } from 'node:http'
import type { Watched } from '../ports/watch-door.ts'
import { metrics } from '../prometheus/index.ts'

export interface OpsMetrics {
  answer(response: ServerResponse): Promise<void>
  dispose(): void
}

/** null: prom-client is not installed. What the program itself puts into the registry of that package is shown too. */
export async function opsMetrics(receiver: Watched): Promise<OpsMetrics | null> {
  const client = await promClient()
  if (client === null) return null
  const { register } = client
  const own = joined(receiver, register)
  return {
    async answer(response) {
      const text = await register.metrics()
      response.setHeader('content-type', register.contentType)
      response.end(text)
    },
    dispose: () => own?.dispose(),
  }
}

/** null: `setup` has put it in already, its own way. */
function joined(receiver: Watched, register: Parameters<typeof metrics>[1]['register']) {
  try {
    return metrics(receiver, { register })
  } catch (error) {
    if (register.getSingleMetric('posthorn_ready') === undefined) throw error
    return null
  }
}

async function promClient() {
  try {
    return await import('prom-client')
  } catch (error) {
    if (Object(error).code === 'ERR_MODULE_NOT_FOUND') return null
    throw error
  }
}
