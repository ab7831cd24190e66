/** The words of Mailjet's events. */

/** Those it sends (Event API guide, March 2023). */
export const EVENT_TYPES = ['sent', 'open', 'click', 'bounce', 'blocked', 'spam', 'unsub'] as const

export type EventType = (typeof EVENT_TYPES)[number]

/** Those its API takes beside them (metadata of `eventcallbackurl`, June 2021); nothing is sent for them. */
export const SILENT_TYPES = ['typofix', 'parseapi', 'newsender', 'newsenderautovalid'] as const
