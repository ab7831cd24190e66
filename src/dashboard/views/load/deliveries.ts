/** Did last night's batch arrive? */
import type { ListOptions } from '../../../public/look.ts'
import type { DeliverySummary } from '../../../types.ts'
import type { ViewRequest } from '../../types.ts'
import { asked, cut, gatherListed, iso, type Loaded } from './loading.ts'

export interface DeliveryRow {
  readonly id: string
  readonly source: string
  readonly receivedAt: string | null
  readonly bytes: number
  readonly events: number | null
  readonly copies: number
  readonly senderLeft: boolean
  readonly isTest: boolean
  readonly batchId: string | null
  readonly kept: 'all' | 'some' | 'none'
}

export interface DeliveriesData {
  readonly q: string
  readonly rows: readonly DeliveryRow[]
}

export const deliveryRow = (one: DeliverySummary): DeliveryRow => ({
  ...{ id: one.id, source: one.source, receivedAt: iso(one.receivedAt), bytes: one.bytes, events: one.events },
  ...{ copies: one.duplicates, senderLeft: one.senderLeft, isTest: one.isTest, kept: one.kept },
  batchId: one.batchId === null ? null : cut(one.batchId, 200),
})

export async function load(request: ViewRequest): Promise<Loaded<DeliveriesData>> {
  const { inbox } = request.receiver
  const list = (options: ListOptions) => inbox.deliveries(asked(request), options)
  const { rows: found, more, place, partial } = await gatherListed(list, request.signal)
  const rows = found.map(deliveryRow)
  return {
    title: 'Deliveries',
    data: { q: request.query.get('filter') ?? '', rows },
    next: more ? (rows.at(-1)?.id ?? null) : place,
    partial,
    rows: rows.map((row) => ({ ...row })),
  }
}
