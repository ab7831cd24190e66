/** Posthorn: receives e-mail event webhooks, stores them durably, answers at once, handles them at least once. */

export type { CredentialUse } from './core/credential-uses.ts'
export type { BatchFailures, HandlerContext } from './core/handlers.ts'
export { ACK_BUCKETS_MS, type MetricEvents, type Metrics } from './core/metrics.ts'
export type { Auth, Inbox, ReceiverLike, Source } from './core/ports.ts'
export type {
  BatchHandler,
  BatchOptions,
  EraseOptions,
  EraseReport,
  EventHandler,
  EventOf,
  EventsOf,
  HandlerOptions,
  Health,
  Hooks,
  InboxControl,
  InboxFilter,
  InboxStats,
  Matched,
  NameOf,
  PausedHandler,
  PersonalRecord,
  PersonFilter,
  PruneReport,
  Receiver,
  ReceiverLimits,
  ReceiverOptions,
  ReceiverRole,
  ReparseDifference,
  ReparseFilter,
  ReplayFilter,
  ReplayOptions,
  ReplayProgress,
  ReplayReport,
  RetentionDuration,
  RetentionOptions,
  Sources,
  StoredEvent,
  VerbOptions,
  VerbReport,
} from './core/public.ts'
export { createReceiver } from './core/receiver.ts'
export { type AnswerCode, type ErrorCode, OptionError, PermanentError, PosthornError, RetryLater } from './errors.ts'
export { canonicalEmail } from './lib/email.ts'
export { field } from './lib/field.ts'
export type * from './types.ts'
