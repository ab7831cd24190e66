/** The times in a body, moved. */

/** Unix seconds of Momentum, SparkPost and Mailjet, as numbers or texts; some with a fraction. */
const UNIX = /"(time|timestamp)":("?)(\d{9,10})(\.\d+)?\2/g
/** Of Momentum and SparkPost with a zone, of eSputnik without one. */
const ISO = /"(injection_time|activityDateTime)":"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)/g

/** The same body gets the same times, so that a repeat stays a repeat. */
export function skewed(body: string, byMs: number): string {
  const seconds = Math.round(byMs / 1_000)
  return body
    .replace(
      UNIX,
      (_, field, quote, time, fraction = '') => `"${field}":${quote}${Number(time) + seconds}${fraction}${quote}`,
    )
    .replace(ISO, (_, field, time) => `"${field}":"${movedIso(time, seconds)}`)
}

const movedIso = (time: string, seconds: number): string =>
  new Date(Date.parse(`${time}Z`) + seconds * 1_000).toISOString().slice(0, 19)
