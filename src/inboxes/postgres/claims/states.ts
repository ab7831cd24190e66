/** States of work rows, by their number in the table. */
import type { RowState } from '../../rules/order.ts'

export const STATES: readonly RowState[] = ['waiting', 'parked', 'unread']
export const PARKED = 1
export const UNREAD = 2
