/** The statements of what is kept for those who look. `at` is the number of the step since 1970. */
import type { Step } from '../../../../ports/inbox/look.ts'

export const readWords = 'SELECT id, text FROM word'

export const insertWord = 'INSERT INTO word (text) VALUES (?) RETURNING id'

export const readMarks = 'SELECT hours_to, days_to, minutes_from, hours_from FROM tally_mark'

export const writeMarks = 'UPDATE tally_mark SET hours_to = ?, days_to = ?, minutes_from = ?, hours_from = ?'

/** The largest sum: JavaScript has no exact larger number, and an integer overflow would fail the group. */
const MOST = Number.MAX_SAFE_INTEGER
const bounded = (sum: string) => `max(-${MOST}, min(${MOST}, ${sum}))`

const add = (step: Step) => `
  INSERT INTO tally_${step} (at, source, word, n, sum) VALUES (?, ?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET n = n + excluded.n, sum = ${bounded('sum + excluded.sum')}`

export const addTo: Readonly<Record<Step, string>> = { minute: add('minute'), hour: add('hour'), day: add('day') }

const first = (step: Step) => `SELECT min(at) AS at FROM tally_${step} WHERE at >= ?`

export const findFirst: Readonly<Record<Step, string>> = {
  minute: first('minute'),
  hour: first('hour'),
  day: first('day'),
}

/** One step of the longer kind, of the shorter steps from ? to ?. */
const addUp = (from: Step, to: Step) => `
  INSERT INTO tally_${to} (at, source, word, n, sum)
  SELECT ?, source, word, sum(n), CAST(${bounded('total(sum)')} AS INTEGER) FROM tally_${from} WHERE at >= ? AND at < ? GROUP BY source, word`

export const addUpHour = addUp('minute', 'hour')
export const addUpDay = addUp('hour', 'day')

export const forgetStep: Readonly<Record<Step, string>> = {
  minute: 'DELETE FROM tally_minute WHERE at >= ? AND at < ?',
  hour: 'DELETE FROM tally_hour WHERE at >= ? AND at < ?',
  day: 'DELETE FROM tally_day WHERE at >= ? AND at < ?',
}

/** Steps from ? to ?, each so many of the ones it is read from. Numbers are bound as real ones. */
const list = (step: Step) => `
  SELECT t.at / CAST(:size AS INTEGER) AS at, s.text AS source, w.text AS word, sum(t.n) AS n,
         CAST(${bounded('total(t.sum)')} AS INTEGER) AS sum
  FROM tally_${step} t JOIN word s ON s.id = t.source JOIN word w ON w.id = t.word
  WHERE t.at >= :from AND t.at < :to
  GROUP BY 1, t.source, t.word ORDER BY 1`

export const listTallies: Readonly<Record<Step, string>> = {
  minute: list('minute'),
  hour: list('hour'),
  day: list('day'),
}

export const readSeen = 'SELECT source, credential, first_at, last_at, count FROM seen ORDER BY source, credential'

export const noteSeen = `
  INSERT INTO seen (source, credential, first_at, last_at, count) VALUES (?, ?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET last_at = max(last_at, excluded.last_at), first_at = min(first_at, excluded.first_at),
                            count = count + excluded.count`

export const insertAction = `
  INSERT INTO action (at, who, verb, filter, matched, queued) VALUES (?, ?, ?, ?, ?, ?) RETURNING id`

export const forgetActions = 'DELETE FROM action WHERE id <= ?'

export const listActions = 'SELECT id, at, who, verb, filter, matched, queued FROM action ORDER BY id DESC LIMIT ?'

export const readMemo = 'SELECT text, version FROM memo WHERE name = ?'

export const insertMemo =
  'INSERT INTO memo (name, text, version) VALUES (?, ?, 1) ON CONFLICT DO NOTHING RETURNING version'

export const replaceMemo =
  'UPDATE memo SET text = ?, version = version + 1 WHERE name = ? AND version = ? RETURNING version'
