import type { Catalogue } from '../../lib/catalogue.ts'

export const catalogue = {
  'momentum.bounce': { schema: 'message_event.bounce', types: ['bounced', 'unsubscribed'], payload: 'MomentumBounce' },
} as const satisfies Catalogue
