/** The words of eSputnik's activities (docs.yespo.io "Webhooks for Tracking Activity", June 2025 and later). */

export const STATUSES = [
  'SENT',
  'DELIVERED',
  'UNDELIVERED',
  'READ',
  'UNSUBSCRIBED',
  'CLICKED',
  'SPAM',
  'SUBSCRIPTION_CHANGED',
] as const

export type Status = (typeof STATUSES)[number]
