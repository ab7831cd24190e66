/**
 * The statements of the listings: one stretch of ids, newest first. A filter that is null lets everything through; of
 * one delivery they go by its places in the log, a JSON list, instead.
 */

import { altered } from './sql.ts'

export const findLastDelivery = `
  SELECT max(coalesce((SELECT max(seq) FROM delivery), 0), coalesce((SELECT max(seq) FROM forgotten), 0)) AS id`

export const findFrom = 'SELECT seq, received_at FROM delivery WHERE seq >= ? ORDER BY seq LIMIT 1'

export const findLastDeadLetter = 'SELECT max(id) AS id FROM dead_letter'

export const findLastQuarantine = 'SELECT max(id) AS id FROM quarantine'

const ofOneDelivery = 'seq IN (SELECT value FROM json_each(:seqs))'

const deliveries = (where: string) => `
  SELECT d.seq, d.id, d.source, d.batch_id, d.is_test, d.sha256, d.received_at, d.meta, d.size,
         n.sender_left, n.duplicates, s.events, ${altered}
  FROM known d LEFT JOIN note n USING (seq) LEFT JOIN settled s USING (seq) LEFT JOIN altered a USING (seq)
  WHERE ${where} AND d.seq < :before
    AND (:source IS NULL OR d.source = :source)
    AND (:since IS NULL OR d.received_at >= :since) AND (:until IS NULL OR d.received_at < :until)
  ORDER BY d.seq DESC LIMIT :limit`

const deadLetters = (where: string) => `
  SELECT d.seq, d.id, d.source, d.batch_id, d.is_test, d.sha256, d.received_at, d.meta, d.size,
         n.sender_left, n.duplicates, s.events, ${altered},
         x.id AS letter, x.handler, x.element_index, x.attempts, x.at, x.size AS elements, x.redeliveries, x.run, x.errors,
         x.element
  FROM dead_letter x JOIN known d USING (seq) LEFT JOIN note n USING (seq) LEFT JOIN settled s USING (seq)
       LEFT JOIN altered a USING (seq)
  WHERE ${where} AND x.id < :before
    AND (:source IS NULL OR d.source = :source) AND (:handler IS NULL OR x.handler = :handler)
    AND (:since IS NULL OR x.at >= :since) AND (:until IS NULL OR x.at < :until)
    AND (:run IS NULL OR x.run = :run)
    AND (:index IS NULL OR x.element_index = :index)
  ORDER BY x.id DESC LIMIT :limit`

const quarantine = (where: string) => `
  SELECT q.id AS item, q.element_index, q.at, q.what, coalesce(d.source, '') AS source, coalesce(d.id, '') AS id
  FROM quarantine q LEFT JOIN delivery d USING (seq)
  WHERE ${where} AND q.id < :before
    AND (:source IS NULL OR d.source = :source)
    AND (:since IS NULL OR q.at >= :since) AND (:until IS NULL OR q.at < :until)
    AND (:index IS NULL OR q.element_index = :index)
  ORDER BY q.id DESC LIMIT :limit`

export const listDeliveries = deliveries('d.seq >= :from')
/** Of the deliveries up to the mark, all of which are settled: this index is read instead of the log, whose bodies lie between. */
export const listTraced = deliveries(`d.seq IN (
  SELECT seq FROM settled WHERE seq >= :from AND seq < :before AND (trace IS NULL OR instr(trace, :traced) > 0))`)
export const listTracedAbove = deliveries('d.seq >= :from AND (s.trace IS NULL OR instr(s.trace, :traced) > 0)')
export const readMark = 'SELECT mark FROM progress'
export const listDeliveriesOf = deliveries(`d.${ofOneDelivery}`)
export const listDeadLetters = deadLetters('x.id >= :from')
export const listDeadLettersOf = deadLetters(`x.${ofOneDelivery}`)
export const listQuarantine = quarantine('q.id >= :from')
export const listQuarantineOf = quarantine(`q.${ofOneDelivery}`)
