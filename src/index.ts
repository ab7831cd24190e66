/** Posthorn: receives e-mail event webhooks, stores them durably, answers at once, handles them at least once. */

export { ACK_BUCKETS_MS, type MetricEvents } from './core/base/metrics.ts'
export { createReceiver } from './core/receiver.ts'
export { type AnswerCode, type ErrorCode, OptionError, PermanentError, PosthornError, RetryLater } from './errors.ts'
export { canonicalEmail } from './lib/email.ts'
export { field } from './lib/field.ts'
export type { Auth, Inbox, ReceiverLike, Source } from './ports/ports.ts'
export type {
  BatchFailures,
  BatchHandler,
  BatchOptions,
  CredentialUse,
  EraseOptions,
  EraseReport,
  EventHandler,
  EventOf,
  EventsOf,
  HandlerContext,
  HandlerOptions,
  Health,
  Hooks,
  InboxControl,
  InboxFilter,
  InboxStats,
  Matched,
  Metrics,
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
} from './public/receiver.ts'
export type * from './types.ts'
